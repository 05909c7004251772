"""Draws: areas, boxes and arrows as SVG, which looks as the reader's device does, light or dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from tests.picture.layout import FRAME, SIZE, Arrow, Box, Zone

__all__ = ["arrow", "box", "document", "frame", "legend", "zone"]

_STYLE = """
svg { --paper: #fff; --ink: #1f2933; --soft: #5b6875; --line: #8794a1; --card: #fff;
  --way: #0b6bcb; --grey: #6b7785; --teal: #0f766e; --amber: #a15c07; --blue: #1d5fbf;
  --violet: #6d3fc0; --pink: #b02a6b; }
@media (prefers-color-scheme: dark) { svg { --paper: #12181f; --ink: #e8edf2; --soft: #a5b1bd;
  --line: #74818e; --card: #1b232c; --way: #6cb6ff; --grey: #9aa7b4; --teal: #4fd1c0;
  --amber: #f0b45c; --blue: #7fb2ff; --violet: #b89bff; --pink: #ff8fc0; } }
text { font-family: system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: var(--ink); }
.paper { fill: var(--paper); }
.frame { fill: none; stroke: var(--line); stroke-width: 1.5; stroke-dasharray: 2 5;
  stroke-linecap: round; }
.zone { fill-opacity: .08; stroke-opacity: .4; }
.zone-name { font-size: 12px; font-weight: 700; letter-spacing: .06em; }
.box { fill: var(--card); stroke: var(--line); stroke-width: 1.2; }
.strong { stroke: var(--ink); stroke-width: 2; }
.optional { stroke-dasharray: 6 4; }
.title { font-size: 15px; font-weight: 650; }
.line { font-size: 12.5px; fill: var(--soft); }
.place { font-size: 11px; fill: var(--soft); font-style: italic; }
.way { fill: none; stroke: var(--way); stroke-width: 2.6; marker-end: url(#way); }
.use { fill: none; stroke: var(--line); stroke-width: 1.4; marker-end: url(#use); }
.head-way { fill: var(--way); } .head-use { fill: var(--line); }
.label { font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; }
.label-way { fill: var(--way); font-weight: 650; } .label-use { fill: var(--soft); }
.key { fill: var(--amber); }
"""
_HEADS = "".join(
    f'<marker id="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerUnits="userSpaceOnUse" '
    f'markerWidth="{size}" markerHeight="{size}" orient="auto">'
    f'<path class="head-{kind}" d="M0 0 10 5 0 10z"/></marker>'
    for kind, size in (("way", 11), ("use", 9))
)
# A ring and a shaft with two teeth.
_KEY = (
    "M0 5a4.5 4.5 0 0 1 8.8-1.2H16v2.5h-1.5V9h-2.3V6.3H8.8A4.5 4.5 0 0 1 0 5z"
    "m2.8 0a1.6 1.6 0 1 0 3.2 0 1.6 1.6 0 1 0-3.2 0z"
)


def document(parts: Iterable[str], description: str) -> str:
    """Put the parts on paper."""
    width, height = SIZE
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(description)}</title>",
            f"<style>{_STYLE}</style>",
            f"<defs>{_HEADS}</defs>",
            f'<rect class="paper" width="{width}" height="{height}" rx="12"/>',
            *parts,
            "</svg>\n",
        ]
    )


def frame(name: str) -> str:
    """Draw the network's frame."""
    x, y, *_ = FRAME
    return _rectangle("frame", FRAME, 14) + _text("place", (x + 16, y + 18), name)


def zone(zone: Zone) -> str:
    """Draw an area."""
    x, y, *_ = zone.place
    colour = f"var(--{zone.colour})"
    style = f"fill: {colour}; stroke: {colour}"
    name = _text("zone-name", (x + 16, y + 22), zone.name.upper(), f' style="fill: {colour}"')
    return _rectangle("zone", zone.place, 12, f' style="{style}"') + name


def box(box: Box, *, optional: bool, keyed: bool, place: str | None) -> str:
    """Draw a part.

    Args:
        box: The part.
        optional: Whether it is there only where config asks for it.
        keyed: Whether the stack's key encrypts something of it.
        place: The subnets it is in, if any.
    """
    x, y, width, height = box.place
    kinds = "box" + " strong" * box.strong + " optional" * optional
    texts = [("title", box.title), *(("line", line) for line in box.lines)]
    if place:
        texts.append(("place", f"{place} subnets"))
    top = y + height / 2 - 9 * (len(texts) - 1) + 5
    lines = [_text(kind, (x + 12, top + 18 * row), text) for row, (kind, text) in enumerate(texts)]
    key = _key(x + width - 24, y + 8)
    return "".join([_rectangle(kinds, box.place, 8), *lines, key if keyed else ""])


def arrow(arrow: Arrow, kind: str) -> str:
    """Draw a way of a kind, `way` or `use`; ports lose the braces around them."""
    points = " ".join(f"{x},{y}" for x, y in arrow.way)
    label = re.sub(r"[{}]", "", arrow.label)
    line = f'<polyline class="{kind}" points="{points}"/>'
    attributes = f' text-anchor="{arrow.anchor}"'
    return line + (_text(f"label label-{kind}", arrow.at, label, attributes) if label else "")


def legend(y: int) -> Iterator[str]:
    """Say what the signs mean."""
    signs = (
        (352, "may connect: security groups", "way"),
        (632, "uses", "use"),
    )
    for x, meaning, kind in signs:
        yield f'<polyline class="{kind}" points="{x},{y} {x + 34},{y}"/>'
        yield _text("line", (x + 44, y + 4), meaning)
    yield _rectangle("box optional", (352, y + 22, 34, 20), 5)
    yield _text("line", (396, y + 37), "only where config asks for it")
    yield _key(641, y + 27)
    yield _text("line", (676, y + 37), "uses the KMS key")


def _key(x: int, y: int) -> str:
    return f'<path class="key" fill-rule="evenodd" transform="translate({x} {y})" d="{_KEY}"/>'


def _rectangle(
    kind: str, place: tuple[int, int, int, int], radius: int, attributes: str = ""
) -> str:
    x, y, width, height = place
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" '
        f'rx="{radius}"{attributes}/>'
    )


def _text(kind: str, at: tuple[float, float], text: str, attributes: str = "") -> str:
    x, y = at
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{attributes}>{escape(text)}</text>'
