"""The one page of a rehearsal, in Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ops.rehearse.figures import ALLOWED_SECONDS, Result, percentile, slices, verdict

__all__ = ["page"]


def page(result: Result, picture: str) -> str:
    """Return the page; `picture` is the file's name beside it."""
    return "\n".join(
        [
            "# Rehearsal",
            "",
            *_verdict(result),
            "",
            f"![Requests, times of answers and tasks over time]({picture})",
            "",
            *_conditions(result),
            "",
            *_phases(result),
            "",
            *_decisions(result),
            "",
        ]
    )


def _verdict(result: Result) -> Iterator[str]:
    problems = verdict(result)
    yield "**It went well.**" if not problems else "**It did not go well.**"
    for problem in problems:
        yield f"- {problem}"
    total, failed, late = len(result.answers), len(result.failures()), len(result.late_failures())
    yield (
        f"- {total:,} requests, {failed} failed; outside of the first {ALLOWED_SECONDS:g} s after "
        f"the rise: {late}."
    )
    serving = [counts.serving for _, counts in result.tasks]
    if serving:
        first, last = serving[0], serving[-1]
        yield f"- Tasks: {first} at the start, {max(serving)} at most, {last} at the end."
    share = result.agreement()
    if share is not None:
        yield (
            f"- The simulator's prediction, made before the load began, was within one task for "
            f"{100 * share:.1f} % of the time."
        )


def _conditions(result: Result) -> Iterator[str]:
    seconds = result.profile.seconds_per_minute
    yield "## How to read it"
    yield ""
    yield (
        f"- Time-lapse: a minute of autoscaling lasted {seconds:g} s. Metrics, alarms and "
        "cooldowns are that much faster; requests, health checks, the start and the drain of tasks "
        "are not, so that in these minutes they take longer than on AWS."
    )
    yield (
        f"- Scaling: {result.minimum} to {result.maximum} tasks, at "
        f"{result.requests_per_task:g} requests a second for each."
    )
    if result.requests_per_task != result.usual_requests_per_task:
        yield (
            f"- That target was put for the rehearsal and taken back after it: the stack's own is "
            f"{result.usual_requests_per_task:g}. All of the load comes from one address, of which "
            "a task takes 50 requests a second, and load and tasks share this machine."
        )
    yield (
        f"- This machine: {os.cpu_count()} processors; {result.load_average:.1f} processes ran or "
        "wanted to before the load began."
    )


def _phases(result: Result) -> Iterator[str]:
    yield "| phase | minutes | offered | served | p50 | p99 | failed |"
    yield "|---|---|---|---|---|---|---|"
    for at, phase in result.profile.starts():
        seconds = phase.minutes * result.profile.seconds_per_minute
        begin = result.begin + at
        here = [a for a in result.answers if begin <= a.at < begin + seconds]
        (cut,) = slices(here, begin=begin, seconds=seconds, length=seconds)
        yield (
            f"| {phase.name} | {phase.minutes:g} | {cut.offered:.1f} req/s "
            f"| {cut.served:.1f} req/s | {cut.p50_ms:.1f} ms | {cut.p99_ms:.1f} ms | {cut.failed} |"
        )
    good = [answer.seconds * 1000 for answer in result.answers if answer.is_good]
    yield (
        f"| all | | | | {percentile(good, 0.5):.1f} ms | {percentile(good, 0.99):.1f} ms "
        f"| {len(result.answers) - len(good)} |"
    )


def _decisions(result: Result) -> Iterator[str]:
    yield "## Decisions"
    yield ""
    yield "As `DescribeScalingActivities` tells them; minutes of autoscaling since the load began."
    yield ""
    if not result.decisions:
        yield "None."
        return
    yield "| | minute | what | why | figures | |"
    yield "|---|---|---|---|---|---|"
    for number, each in enumerate(result.decisions, start=1):
        yield (
            f"| {number} | {each.minute:.1f} | {each.what} | {each.cause} | {each.details} "
            f"| {each.status} |"
        )
