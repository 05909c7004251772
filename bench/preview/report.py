"""What a run shows, and what it leaves as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from bench.app.figures import Figure
from bench.command_line import provenance
from bench.preview.measure import Process
from bench.preview.run import PULUMI, TERRAFORM, UNREFRESHED, Results, Sample

__all__ = ["as_data", "as_text", "figures"]

_MOST_BESIDE_TERRAFORM = 1.0
_MOST_WITH_POLICIES = 1.1
_NO_TARGET = float("inf")


def figures(results: Results) -> list[Figure]:
    """The ratios, each of two runs of one round; those without a target are for honesty."""
    found = []
    for what in results.counts:
        if what.endswith(" resources"):
            found += [
                _ratio(results, what, PULUMI, TERRAFORM, _MOST_BESIDE_TERRAFORM),
                _ratio(results, what, PULUMI, UNREFRESHED, _NO_TARGET),
            ]
        else:
            sides = ("with policies", "without policies")
            found.append(_ratio(results, what, *sides, _MOST_WITH_POLICIES))
    return [*found, *_growth(results)]


def as_text(results: Results) -> str:
    """Times, ratios, and where the time goes."""
    lines = ["Medians: seconds, CPU seconds of all processes"]
    for what, contestant in _pairs(results):
        samples = _of(results, what, contestant)
        seconds, cpu = (_median(samples, pick) for pick in (_seconds, _cpu_seconds))
        lines.append(f"  {what:<16} {contestant:<30} {seconds:6.2f} {cpu:6.2f}")
    lines += ["", "Ratios, each within a round: median (rounds)"]
    lines += [f"  {_told(figure)}" for figure in figures(results)]
    lines += ["", "Where the time goes, in one run each: CPU seconds, from second to second"]
    for title, parts in results.profiles.items():
        lines.append(f"  {title}")
        lines += [f"    {_part(part)}" for part in parts]
    return "\n".join(lines)


def as_data(results: Results, *, command: str, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was measured, and where."""
    return {
        **provenance(command=command, machine=machine),
        "figures": [_as_data(figure) for figure in figures(results)],
        **asdict(results),
    }


def _growth(results: Results) -> Iterator[Figure]:
    """How the most resources compare with the fewest, for each of them; linear is 1."""
    previews = [what for what in results.counts if not what.endswith(" resources")]
    if len(previews) < 2:  # noqa: PLR2004
        return
    few, many = previews[0], previews[-1]
    each = {
        what: [
            _seconds(sample) / results.counts[what]
            for sample in _of(results, what, "with policies")
        ]
        for what in (few, many)
    }
    rounds = [more / less for less, more in zip(each[few], each[many], strict=True)]
    yield Figure(name=f"with policies, a resource: {many} ÷ {few}", rounds=rounds, target=1.0)


def _ratio(results: Results, what: str, over: str, under: str, target: float) -> Figure:
    pairs = zip(_of(results, what, over), _of(results, what, under), strict=True)
    rounds = [one.seconds / other.seconds for one, other in pairs]
    return Figure(name=f"{what}: {over} ÷ {under}", rounds=rounds, target=target)


def _of(results: Results, what: str, contestant: str) -> list[Sample]:
    """One for each round, in order."""
    return [one for one in results.samples if (one.what, one.contestant) == (what, contestant)]


def _pairs(results: Results) -> list[tuple[str, str]]:
    return list(dict.fromkeys((one.what, one.contestant) for one in results.samples))


def _seconds(sample: Sample) -> float:
    return sample.seconds


def _cpu_seconds(sample: Sample) -> float:
    return sample.cpu_seconds


def _median(samples: Sequence[Sample], pick: Callable[[Sample], float]) -> float:
    return median(pick(sample) for sample in samples)


def _told(figure: Figure) -> str:
    spread = f"{figure.value:.2f} ({min(figure.rounds):.2f} to {max(figure.rounds):.2f})"
    if figure.target == _NO_TARGET:
        return f"{figure.name}: {spread}"
    verdict = "reached" if figure.reached else "NOT REACHED"
    return f"{figure.name}: {spread}, at most {figure.target:g}: {verdict}"


def _part(process: Process) -> str:
    span = f"{process.begins:5.2f} to {process.ends:5.2f}"
    return f"{process.name:<24} {process.cpu_seconds:5.2f}  {span}"


def _as_data(figure: Figure) -> dict[str, Any]:
    free = figure.target == _NO_TARGET
    target = {"target": None, "reached": None} if free else {"reached": figure.reached}
    return {**asdict(figure), "value": figure.value, **target}
