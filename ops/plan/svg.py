"""The few things that a picture is made of."""

from collections.abc import Sequence
from html import escape

__all__ = ["BLUE", "GREEN", "GREY", "INK", "RED", "Point", "area", "document", "line", "text"]

BLUE, GREEN, RED, GREY, INK = "#0b5cad", "#1a7f37", "#c62828", "#6e7781", "#1f2328"

Point = tuple[float, float]


def document(width: int, height: int, title: str, body: Sequence[str]) -> str:
    """Return a whole file, white wherever it is shown, with its title for screen readers."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title, quote=True)}" '
        f'font-family="system-ui, sans-serif">\n<rect width="{width}" height="{height}" '
        'fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def line(points: Sequence[Point], color: str, *, width: int, dash: str | None = None) -> str:
    """Return a line through points."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{_written(points)}" fill="none" stroke="{color}" '
        f'stroke-width="{width}"{dashed}/>'
    )


def area(points: Sequence[Point], color: str) -> str:
    """Return what points enclose, lightly."""
    return f'<polygon points="{_written(points)}" fill="{color}" fill-opacity="0.10"/>'


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    color: str = INK,
    anchor: str = "start",
    weight: str = "400",
) -> str:
    """Return words at a point."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{color}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def _written(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
