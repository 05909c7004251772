"""What the measured figures lead to for the stack prod, so that a new benchmark breaks no test."""

from todo_infra.capacity.data import load_throughput
from todo_infra.capacity.sizing import target_per_task, tasks_for

__all__ = ["CEILING", "TARGET"]

TARGET = target_per_task(load_throughput().per_task["small"])
CEILING = tasks_for(6000, TARGET)
