from __future__ import annotations

import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from local.errors import LocalError
from local.metrics import Datum, Publisher
from local.task_metrics import TaskMetrics, sample
from local.time_lapse import TimeLapse, default_seconds

SECOND = 10**9
MIB = 2**20


def stats(second: float, cpu_seconds: float, memory_mib: int = 100) -> dict[str, Any]:
    return {
        "read": f"2026-11-25T19:00:{second:012.9f}Z",
        "cpu_stats": {"cpu_usage": {"total_usage": int(cpu_seconds * SECOND)}},
        "memory_stats": {"usage": memory_mib * MIB, "stats": {"inactive_file": 44 * MIB}},
    }


class Engine:
    """MiniStack's ECS with tasks of 0.25 CPU and 512 MiB, and what its containers used."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self._tasks: dict[str, dict[str, Any]] = {}

    def run(self, *containers: str, group: str = "service:app", status: str = "RUNNING") -> None:
        self._tasks["+".join(containers)] = {
            "group": group,
            "lastStatus": status,
            "clusterArn": "arn:aws:ecs:eu-west-1:000000000000:cluster/todo",
            "cpu": "256",
            "memory": "512",
            "_docker_ids": list(containers),
        }

    def _cluster_name_from_arn(self, arn: str) -> str:
        return arn.rpartition("/")[2]

    def _get_docker(self) -> SimpleNamespace:
        return SimpleNamespace(api=self)

    def stats(self, container: str, *, stream: bool, one_shot: bool) -> dict[str, Any]:
        assert (stream, one_shot) == (False, True)
        if container not in self.answers:
            raise NotFound("gone")
        return self.answers[container]


def measured(metrics: TaskMetrics) -> list[Datum]:
    metrics.look()
    return metrics.data(60)


def test_use_is_in_percent_of_what_the_task_reserves() -> None:
    engine = Engine()
    engine.run("a")
    engine.run("b")
    metrics = TaskMetrics(engine)
    engine.answers = {"a": stats(1, 10), "b": stats(1, 20)}
    assert measured(metrics) == []
    engine.answers = {"a": stats(11, 11), "b": stats(11.5, 20, memory_mib=300)}
    cpu, memory = measured(metrics)
    dimensions = {"ClusterName": "todo", "ServiceName": "app"}
    assert (cpu.name, cpu.values, cpu.dimensions) == ("CPUUtilization", (40.0, 0.0), dimensions)
    assert (memory.name, memory.values) == ("MemoryUtilization", (10.9375, 50.0))


def test_tasks_that_do_not_serve_a_whole_period_are_left_out() -> None:
    engine = Engine()
    engine.run("old")
    metrics = TaskMetrics(engine)
    engine.answers = {"old": stats(1, 10)}
    measured(metrics)
    engine.run("new")
    engine.run("stopping", status="DEACTIVATING")
    engine.run("once", group="family:migrate")
    engine.run("gone")
    engine.answers = {name: stats(11, 11) for name in ("old", "new", "stopping", "once")}
    assert [datum.values for datum in measured(metrics)] == [(40.0,), (10.9375,)]


def test_a_container_that_has_ended_has_no_figures() -> None:
    ended: dict[str, Any] = {"read": "0001-01-01T00:00:00Z", "memory_stats": {}}
    assert sample(ended) is None
    assert sample({**stats(1, 2), "read": "2026-11-25T19:00:01Z"})


DATUM = Datum(namespace="N", name="M", dimensions={}, values=(1.0,), unit="Count")


def published(times: Iterable[float], lengths: dict[float, str] | None = None) -> list[float]:
    """The beginnings of the periods that were published while the clock went so."""
    now, put = 0.0, []
    lapse = TimeLapse(lambda: (lengths or {}).get(now), 60)
    publisher = Publisher([lambda _: [DATUM]], lambda at, _: put.append(at), lapse)
    for now in times:
        publisher.turn(now)
    return put


def test_a_period_is_published_once_when_it_is_over() -> None:
    assert published([70, 100, 119, 120, 120.1, 150, 180]) == [60, 120]


def test_a_period_that_was_slept_through_has_what_was_measured_over_all_of_them() -> None:
    assert published([70, 121, 300, 360]) == [60, 120, 180, 240, 300]
    spans: list[float] = []

    def source(seconds: float) -> list[Datum]:
        spans.append(seconds)
        return []

    publisher = Publisher([source], lambda *_: None, TimeLapse(lambda: None, 60))
    for now in (60, 120, 130, 300):
        publisher.turn(now)
    assert spans[1:] == [60, 180]


def test_a_period_that_began_under_another_length_is_not_published() -> None:
    short = dict.fromkeys((130.0, 132.0, 138.0), "6")
    assert published([70, 121, 130, 132, 138, 180, 240], short) == [60, 126, 132, 180]


def test_a_source_that_fails_does_not_silence_the_others() -> None:
    def fails(_: float) -> list[Datum]:
        raise OSError("no engine")

    put: list[list[Datum]] = []
    publisher = Publisher(
        [fails, lambda _: [DATUM]],
        lambda _, data: put.append(list(data)),
        TimeLapse(lambda: None, 60),
    )
    publisher.turn(60)
    publisher.turn(120)
    assert put == [[DATUM]]


def test_a_parameter_that_is_no_length_is_as_if_it_were_not_there() -> None:
    assert TimeLapse(lambda: "6", 60).seconds_per_minute() == 6
    for words in (None, "soon", "2.9", "61"):
        assert TimeLapse(lambda w=words: w, 60).seconds_per_minute() == 60  # type: ignore[misc]


def test_a_length_in_the_environment_that_cannot_be_used_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCALING_SECONDS_PER_MINUTE", "fast")
    with pytest.raises(LocalError) as raised:
        default_seconds()
    assert (
        "SCALING_SECONDS_PER_MINUTE is 'fast', but must be a number of seconds from 3 to 60."
        in (str(raised.value))
    )
    monkeypatch.setenv("SCALING_SECONDS_PER_MINUTE", "")
    assert default_seconds() == 60


def test_a_task_that_was_not_measured_since_has_no_figures() -> None:
    engine = Engine()
    engine.run("a")
    metrics = TaskMetrics(engine)
    engine.answers = {"a": stats(1, 10)}
    measured(metrics)
    assert metrics.data(60) == []


def test_tasks_are_measured_at_once_and_not_one_after_the_other() -> None:
    engine, met = Engine(), threading.Barrier(3, timeout=20)
    names = ("a", "b", "c")
    for name in names:
        engine.run(name)
    engine.answers = {name: stats(1, 10) for name in names}
    answer = engine.stats

    def slow(container: str, *, stream: bool, one_shot: bool) -> dict[str, Any]:
        met.wait()
        return answer(container, stream=stream, one_shot=one_shot)

    engine.stats = slow  # type: ignore[method-assign]
    metrics = TaskMetrics(engine)
    measured(metrics)
    engine.answers = {name: stats(11, 11) for name in names}
    assert next(datum.values for datum in measured(metrics)) == (40.0,) * 3
