"""Joins what is measured in the emulator with its CloudWatch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import alb, cloudwatch, ecs, ssm

from local.load_balancer import state
from local.load_balancer.controller import Controller
from local.load_balancer.haproxy import HAProxy
from local.load_balancer.metrics import measured
from local.load_balancer.model import LoadBalancer, TargetGroup
from local.metrics import Datum, Publisher, store
from local.task_metrics import TaskMetrics
from local.time_lapse import PARAMETER, TimeLapse, default_seconds

__all__ = ["publish"]

_LOOK_MINUTES: Final = 0.1
"""So often tasks are measured, in minutes of autoscaling."""

_log = logging.getLogger("metrics")


def publish(proxy: HAProxy, controller: Controller) -> None:
    """Publish metrics of the default account and region from now on, in the background."""
    account, region = get_account_id(), get_region()

    def balancing() -> tuple[Sequence[LoadBalancer], Sequence[TargetGroup]]:
        with request_scope(account, region):
            return state.load_balancers(alb), state.target_groups(alb)

    tasks = TaskMetrics(ecs)

    def task_data(seconds: float) -> list[Datum]:
        with request_scope(account, region):
            return tasks.data(seconds)

    def put(at: float, data: Iterable[Datum]) -> None:
        with request_scope(account, region):
            store(cloudwatch, at, data)

    def parameter() -> str | None:
        with request_scope(account, region):
            found = ssm._parameters.get(PARAMETER)  # noqa: SLF001
        return None if found is None else str(found["Value"])

    lapse = TimeLapse(parameter, default_seconds())

    def look_at_tasks() -> None:
        while True:
            try:
                with request_scope(account, region):
                    tasks.look()
            except (LookupError, RuntimeError):
                _log.exception("metrics of tasks")
            time.sleep(lapse.seconds_per_minute() * _LOOK_MINUTES)

    sources = (measured(proxy, balancing, controller.healthy), task_data)
    publisher = Publisher(sources, put, lapse)
    for name, work in (("metrics", publisher.run_forever), ("task-metrics", look_at_tasks)):
        threading.Thread(target=work, name=name, daemon=True).start()
