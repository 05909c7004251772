"""What a run shows, and what it leaves as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from bench.app.contestants import BASELINE, DRIVER, FASTAPI, OURS, WITHOUT_BYTECODE, Contestant
from bench.app.figures import Figure, Results, figures, middle, per_cpu_second
from bench.app.load import CONNECTIONS
from bench.command_line import provenance

__all__ = ["as_data", "as_text"]

_COLUMNS = (BASELINE, FASTAPI, OURS)


def as_text(results: Results) -> str:
    """Both tables: everybody's figures, then ours beside their targets."""
    titles = [contestant.title for contestant in _COLUMNS]
    rows = [[name, *cells] for name, cells in _measured(results)]
    heading = f"Medians of {results.plan.rounds} rounds of {results.plan.seconds} seconds"
    targets = [
        [
            figure.name,
            f"{_short(figure.value)}{figure.unit}",
            f"{_short(min(figure.rounds))} to {_short(max(figure.rounds))}",
            f"{'at least' if figure.at_least else 'at most'} {figure.target:g}",
            "reached" if figure.reached else "NOT REACHED",
        ]
        for figure in figures(results)
    ]
    return "\n".join(
        [
            *_table([[heading, *titles], *rows]),
            "",
            *_table([["Ours", "median", "rounds", "target", ""], *targets]),
        ]
    )


def _measured(results: Results) -> list[tuple[str, list[str]]]:
    def row(work: str, quantity: Any) -> list[str]:  # noqa: ANN401
        return [
            _short(middle(results.samples, work, contestant.key, quantity))
            for contestant in _COLUMNS
        ]

    def ours(value: float) -> list[str]:
        return ["", "", _short(value)]

    samples = results.samples
    rows = [
        ("GET of 20, requests per CPU-second", row("get", per_cpu_second)),
        ("  requests per second", row("get", lambda m: m.requests / m.seconds)),
        (f"  p50 with {CONNECTIONS} connections, ms", row("get", lambda m: m.p50_ms)),
        ("  p99, ms", row("get", lambda m: m.p99_ms)),
        ("POST, requests per CPU-second", row("post", per_cpu_second)),
        ("  requests per second", row("post", lambda m: m.requests / m.seconds)),
        ("  p50, ms", row("post", lambda m: m.p50_ms)),
        ("  p99, ms", row("post", lambda m: m.p99_ms)),
        (f"GET at {results.rate} requests/s, p50, ms", row("fixed-rate", lambda m: m.p50_ms)),
        ("  p99, ms", row("fixed-rate", lambda m: m.p99_ms)),
        ("  CPU used", row("fixed-rate", lambda m: m.cpu_seconds / m.seconds)),
    ]
    for size in results.plan.rows:
        rate = middle(samples, "get", results.plan.ours(size), lambda m: m.requests / m.seconds)
        rows.append((f"GET of 20 among {size} to-dos, requests per second", ours(rate)))
    static = middle(samples, "static", OURS.key, per_cpu_second)
    select = middle(samples, "select", DRIVER.key, per_cpu_second)
    sizes = [_short(results.images[contestant.key] / 1e6) for contestant in _COLUMNS]
    return [
        *rows,
        ("Limit: no database, requests per CPU-second", ours(static)),
        ("Limit: no HTTP, SELECTs per CPU-second", ours(select)),
        ("Image, packed, MB", sizes),
        ("Start to first answer, s", [_start(results, one, "seconds") for one in _COLUMNS]),
        ("  without Docker's part", [_start(results, one, "process_seconds") for one in _COLUMNS]),
        ("  without bytecode", ["", "", _start(results, WITHOUT_BYTECODE, "seconds")]),
        ("  without either", ["", "", _start(results, WITHOUT_BYTECODE, "process_seconds")]),
    ]


def _start(results: Results, contestant: Contestant, which: str) -> str:
    return _short(median(getattr(start, which) for start in results.starts[contestant.key]))


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _short(number: float) -> str:
    """Three digits that count."""
    return f"{number:.0f}" if number >= 100 else f"{number:#.3g}"  # noqa: PLR2004


def as_data(
    results: Results, *, command: str, machine: Mapping[str, Any], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that was measured, and where."""
    return {
        **provenance(command=command, machine=machine, versions=versions),
        "figures": [_figure(figure) for figure in figures(results)],
        **asdict(results),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "value": figure.value, "reached": figure.reached}
