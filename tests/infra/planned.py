"""What the measured figures lead to for the stack prod, so that a new benchmark breaks no test."""

from todo_infra.capacity.data import load_throughput
from todo_infra.capacity.sizing import target_per_task, tasks_for

__all__ = ["CEILING", "FLOOR", "TARGET"]

_RATED = load_throughput().per_task["medium"]
TARGET = target_per_task(_RATED)
FLOOR = max(tasks_for(600, TARGET), tasks_for(6000, _RATED))
CEILING = tasks_for(6000, TARGET)
