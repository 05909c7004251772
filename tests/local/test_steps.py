import io
import threading
from collections.abc import Callable
from functools import partial

import pytest

from local.commands import Watch
from local.errors import LocalError
from local.steps import Step, run_steps


def _step(name: str, work: Callable[[], str], *needs: str) -> Step:
    return Step(name=name, run=lambda _watch: work(), needs=needs)


def _note(notes: list[str], name: str) -> str:
    notes.append(name)
    return ""


def test_a_step_starts_only_after_those_it_needs() -> None:
    ended: list[str] = []

    def end(name: str) -> Callable[[], str]:
        return partial(_note, ended, name)

    steps = [_step("c", end("c"), "b"), _step("b", end("b"), "a"), _step("a", end("a"))]
    run_steps(steps, out=io.StringIO())
    assert ended == ["a", "b", "c"]


def test_steps_that_do_not_need_each_other_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)  # passes only if both are there at once

    def meet() -> str:
        meeting.wait()
        return "met"

    run_steps([_step("left", meet), _step("right", meet)], out=io.StringIO())


def test_a_failure_starts_nothing_new_and_is_raised() -> None:
    started: list[str] = []

    def fail() -> str:
        raise LocalError("broken", fix="Mend it.")

    steps = [
        _step("first", fail),
        _step("second", partial(_note, started, "second"), "first"),
    ]
    out = io.StringIO()
    with pytest.raises(LocalError, match="broken"):
        run_steps(steps, out=out)
    assert started == []
    assert "✗ first" in out.getvalue()


def test_what_runs_beside_a_failure_ends_first() -> None:
    failed = threading.Event()
    ended: list[str] = []

    def fail() -> str:
        failed.set()
        raise LocalError("broken", fix="Mend it.")

    def go_on() -> str:
        failed.wait(timeout=30)
        ended.append("other")
        return ""

    with pytest.raises(LocalError, match="broken"):
        run_steps([_step("fails", fail), _step("other", go_on)], out=io.StringIO())
    assert ended == ["other"]


def test_each_step_is_shown_with_its_time_and_result_and_the_total_last() -> None:
    out = io.StringIO()
    run_steps([_step("Docker engine", lambda: "running, version 27")], out=out)
    lines = out.getvalue().splitlines()
    assert lines[1].startswith("  ✓ Docker engine")
    assert lines[1].endswith(" s  running, version 27")
    assert lines[-1].startswith("  ✓ total")


def test_a_watch_is_quiet_until_a_step_takes_long() -> None:
    def chatty(watch: Watch) -> str:
        for number in range(1000):
            watch(f"line {number}")
        return "done"

    out = io.StringIO()
    run_steps([Step(name="chatty", run=chatty)], out=out)
    assert "line" not in out.getvalue()


def test_independent_failures_are_all_explained() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def fail(reason: str) -> str:
        meeting.wait()
        raise LocalError(reason, fix=f"Mend {reason}.")

    steps = [_step(name, partial(fail, name)) for name in ("terraform", "docker")]
    with pytest.raises(LocalError) as caught:
        run_steps(steps, out=io.StringIO())
    for reason in ("terraform", "docker"):
        assert f"{reason}\n  Mend {reason}." in str(caught.value)


def test_a_mistake_of_ours_is_not_hidden_behind_an_explained_failure() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def fail(error: Exception) -> str:
        meeting.wait()
        raise error

    errors = {"one": LocalError("explained", fix="Mend it."), "two": ZeroDivisionError()}
    steps = [_step(name, partial(fail, error)) for name, error in errors.items()]
    with pytest.raises(ZeroDivisionError):
        run_steps(steps, out=io.StringIO())
