"""What a run shows, what it leaves as data, and what the plan takes from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.capacity.load import READ_PERCENT
from bench.capacity.model import (
    MOST_CPU,
    OBJECTIVE_MS,
    Point,
    fit,
    holds,
    rated_points,
    rating,
    typical,
)
from bench.capacity.run import SIZES, Finished
from bench.command_line import provenance
from local.errors import LocalError
from todo_infra.sizes import TASK_SIZES

__all__ = ["as_data", "as_text", "points_of", "throughput"]

FARGATE_PERCENT = 50
"""What is left of a rating on Fargate, whose processors nobody may choose. In 2021 all of some
420,000 tasks that were looked at ran on Intel Xeons of 2016 to 2019, one hyperthread for each CPU
(https://scalefactory.com/blog/2021/05/12/what-powers-ecs-fargate/): about half of what a core of
this measurement's machine does."""

DATABASE_PERCENT = 25
"""What is left of the database's: MariaDB stands in for MySQL, its files are in memory, and RDS
writes them to a second zone."""

_STEP = 10


def points_of(data: Mapping[str, Any]) -> dict[str, list[Point]]:
    """The typical points of each size, from recorded data."""
    points = [Point(**one) for one in data["points"]]
    return {size: typical([one for one in points if one.size == size]) for size in SIZES}


def as_data(
    finished: Finished, *, command: str, machine: Mapping[str, Any], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that was measured, where, and what it means."""
    images = {"base image": finished.base_image, "database": finished.database_version}
    data = {
        **provenance(command=command, machine=machine, versions={**images, **versions}),
        "mix": f"{READ_PERCENT} % GET of a list of 20, the others half POST, half PATCH",
        "definition": (
            "The highest rate at which, and at every lower one, no request failed, 99 of 100 were "
            f"answered within {OBJECTIVE_MS:g} ms of when they were due, and the task used at most "
            f"{MOST_CPU:.0%} of its CPU."
        ),
        "plan": asdict(finished.plan),
        "saturated": dict(finished.saturated),
        "points": [asdict(point) for point in finished.points],
    }
    return {**data, "sizes": {size: _size(points) for size, points in points_of(data).items()}}


def _size(points: Sequence[Point]) -> dict[str, Any]:
    rated = rated_points(points)
    if len(rated) < 2:  # noqa: PLR2004 - a line has two points
        return {"rating": 0}
    law = fit(rated)
    return {
        "rating": rating(points),
        "points": len(points),
        "points_up_to_rating": len(rated),
        "law": asdict(law),
        "law_at_most_above": max(law.excess(rated)),
        "law_at_most_below": max(0.0, -min(law.excess(rated))),
    }


def as_text(data: Mapping[str, Any]) -> str:
    """A table for each size, and its rating."""
    lines = [data["definition"]]
    for size, points in points_of(data).items():
        found = data["sizes"][size]
        lines += [
            "",
            f"{size}, {TASK_SIZES[size].cpu / 1024:g} CPU: {found['rating']:.0f} requests/s",
        ]
        lines += _table(points)
        if found["rating"]:
            lines.append(
                f"the law lies 0 to {found['law_at_most_above']:.1%} above what was measured"
            )
    return "\n".join(lines)


def _table(points: Sequence[Point]) -> Iterator[str]:
    yield " offered   served  failed  p50 ms  p99 ms   CPU  database CPUs"
    for one in points:
        yield (
            f"{one.offered:8}{one.served:9.0f}{one.failed:8}{one.p50_ms:8.1f}{one.p99_ms:8.1f}"
            f"{one.cpu:6.0%}{one.database_cpus:15.2f}  {'' if holds(one) else '✗'}".rstrip()
        )


def throughput(data: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `data/throughput.json`.

    Raises:
        LocalError: if a size has no rating, or the larger of two the lower one.
    """
    ratings = {size: data["sizes"][size]["rating"] for size in SIZES}
    tasks = {size: _rounded(one * FARGATE_PERCENT / 100) for size, one in ratings.items()}
    if not all(tasks.values()) or [*tasks.values()] != sorted(tasks.values()):
        raise LocalError(
            f"These ratings are none: {', '.join(f'{s} {r:.0f}' for s, r in ratings.items())}.",
            fix="Measure again on a machine with less to do: make bench-capacity.",
        )
    largest = tasks[SIZES[-1]]
    measured, machine = data["date"][:10], data["machine"]
    return {
        "measured": measured,
        "confidence": (
            f"measured on a shared machine; Fargate's processors may be slower: factor "
            f"{FARGATE_PERCENT / 100:g} applied"
        ),
        "command": data["command"],
        "machine": f"{machine['cores']} cores of an {machine['cpu']}",
        "method": (
            "bench/results/capacity.json: the image in containers of Fargate's sizes, against a "
            f"database without limits, TLS on. {data['mix']}. Rated is "
            f"{_lower(data['definition'])} {FARGATE_PERCENT} % of it is taken (why: "
            "bench/capacity/report.py). The application is one process, which uses one CPU: "
            "larger tasks serve no more."
        ),
        "requestsPerSecondOfOneTask": {size: tasks.get(size, largest) for size in TASK_SIZES},
        "database": _database(data, measured),
    }


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _database(data: Mapping[str, Any], measured: str) -> dict[str, Any]:
    busiest = rated_points(points_of(data)[SIZES[-1]])[-1]
    answered = busiest.served / busiest.database_cpus
    return {
        "measured": measured,
        "confidence": "measured with MariaDB in MySQL's place, its files in memory",
        "method": (
            "bench/results/capacity.json: at the highest rating, the database answered "
            f"{answered:.0f} such requests for each second of its CPU time. {DATABASE_PERCENT} % "
            "of it is taken (why: bench/capacity/report.py)."
        ),
        "requestsPerSecondOfOneCpu": _rounded(answered * DATABASE_PERCENT / 100),
    }


def _rounded(requests: float) -> int:
    return int(requests) // _STEP * _STEP
