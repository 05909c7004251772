"""Holds the layout to the graph, and draws it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.picture import layout, svg
from tests.picture.graph import Architecture, Reference

__all__ = ["PictureError", "draw", "problems"]


class PictureError(Exception):
    """The layout says something else than the program."""


def draw(architecture: Architecture) -> str:
    """Return the picture.

    Raises:
        PictureError: There is something that the layout does not place, or that is no more.
    """
    if found := problems(architecture):
        listed = "".join(f"\n  - {one}" for one in found)
        raise PictureError(f"tests/picture/layout.py does not fit the program:{listed}")
    keyed = {one.user for one in architecture.references if one.source == layout.KEY}
    boxes = (
        svg.box(
            box,
            optional=part in architecture.optional,
            keyed=part in keyed,
            place=architecture.subnets.get(part),
        )
        for part, box in layout.BOXES.items()
    )
    parts = [
        svg.frame("the VPC, with security groups chained by id"),
        *map(svg.zone, layout.ZONES),
        *(svg.arrow(one, "use") for one in layout.REFERENCES.values()),
        *(svg.arrow(one, "way") for one in layout.CONNECTIONS.values()),
        *boxes,
        *svg.legend(718),
    ]
    return svg.document(parts, "The TODO application at AWS: its parts, and what connects them")


def problems(architecture: Architecture) -> list[str]:
    """Return where layout and program differ."""
    placed = set(filter(None, layout.PART_OF.values()))
    connections, references = _seen(architecture)
    return [
        *_differences("a box", placed, architecture.parts),
        *_differences("a connection", _drawn_connections(), connections),
        *_differences("a reference", set(layout.REFERENCES), references),
        *(
            f"{one} is in NOT_DRAWN, and no more in the program"
            for one in layout.NOT_DRAWN
            if one not in architecture.connections | architecture.references
        ),
    ]


def _differences(kind: str, drawn: Iterable[object], real: Iterable[object]) -> list[str]:
    drawn, real = set(drawn), set(real)
    missing = [f"{one} is in the program, and not drawn as {kind}" for one in real - drawn]
    return sorted(missing) + sorted(f"{one} is drawn as {kind} only" for one in drawn - real)


def _drawn_connections() -> set[tuple[str, str, frozenset[int]]]:
    return {
        (*ends, frozenset(int(port) for port in re.findall(r"\{(\d+)\}", arrow.label)))
        for ends, arrow in layout.CONNECTIONS.items()
    }


def _seen(
    architecture: Architecture,
) -> tuple[set[tuple[str, str, frozenset[int]]], set[tuple[str, str]]]:
    """What is to be drawn: connections with their ports, and references that are none."""
    ports: Mapping[tuple[str, str], set[int]] = defaultdict(set)
    for one in architecture.connections - set(layout.NOT_DRAWN):
        ports[one.source, one.target].add(one.port)
    connected = {frozenset((one.source, one.target)) for one in architecture.connections}
    references = {
        _ends(one)
        for one in architecture.references - set(layout.NOT_DRAWN)
        if one.source != layout.KEY and frozenset((one.source, one.user)) not in connected
    }
    return {(*ends, frozenset(found)) for ends, found in ports.items()}, references


def _ends(reference: Reference) -> tuple[str, str]:
    """User and source; what watches, watches zones."""
    ends = reference.user, reference.source
    zones = _zone_of(reference.user), _zone_of(reference.source)
    return zones if "Observability" in zones else ends


def _zone_of(part: str) -> str:
    x, y, *_ = layout.BOXES[part].place
    for zone in layout.ZONES:
        left, top, width, height = zone.place
        if left <= x < left + width and top <= y < top + height:
            return zone.name
    raise PictureError(f"{part} stands in no zone")
