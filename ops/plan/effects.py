"""What a change of the plan does to a running stack, and when."""

from collections.abc import Iterator
from dataclasses import dataclass

from todo_infra.capacity import CapacityPlan

__all__ = ["Effect", "effects"]

_AT_ONCE = "at once, nothing restarts"
_NEW_TASKS = "new tasks replace the old ones in about 5 minutes, without a pause"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One change.

    Attributes:
        what: From what to what.
        when: When it works, and what restarts.
    """

    what: str
    when: str


def effects(before: CapacityPlan, after: CapacityPlan) -> list[Effect]:
    """Return what a deployment would change, in the order in which a reader looks for it."""
    return [*_of_tasks(before, after), *_of_events(before, after), *_of_database(before, after)]


def _of_tasks(before: CapacityPlan, after: CapacityPlan) -> Iterator[Effect]:
    numbers = (
        ("tasks at least", before.floor_tasks, after.floor_tasks),
        ("tasks at most", before.max_tasks, after.max_tasks),
        ("requests of one task", _share(before), _share(after)),
    )
    for name, old, new in numbers:
        if old != new:
            yield Effect(what=f"{name}: {old} → {new}", when=_AT_ONCE)
    if before.task_size != after.task_size:
        what = f"task size: {before.task_size} → {after.task_size}"
        yield Effect(what=what, when=_NEW_TASKS)
    old, new = before.connections.per_task, after.connections.per_task
    if old != new:
        yield Effect(what=f"database connections of a task: {old} → {new}", when=_NEW_TASKS)


def _share(plan: CapacityPlan) -> str:
    return f"{plan.requests_per_task_per_minute // 60} req/s"


def _of_events(before: CapacityPlan, after: CapacityPlan) -> Iterator[Effect]:
    known = set(before.changes)
    for change in after.changes:
        if change not in known:
            tasks, when = f"{change.min_tasks} tasks at least", f"{change.at:%Y-%m-%d %H:%M} UTC"
            yield Effect(what=f"{change.name}: {tasks}", when=f"{when}, nothing restarts")
    for name in sorted({one.name for one in before.changes} - {one.name for one in after.changes}):
        yield Effect(what=f"{name}: not scheduled any more", when=_AT_ONCE)
    if before.reserved_units != after.reserved_units:
        what = f"capacity units of the load balancer: {before.reserved_units} → "
        when = "minutes mostly, up to a few hours; nothing restarts"
        yield Effect(what=f"{what}{after.reserved_units}", when=when)


def _of_database(before: CapacityPlan, after: CapacityPlan) -> Iterator[Effect]:
    window = after.maintenance_window
    begins = f"in the maintenance window, {window} UTC" if window else "at once"
    if before.database_class != after.database_class:
        yield Effect(
            what=f"database: {before.database_class} → {after.database_class}",
            when=f"{begins}; the database restarts, with a standby it is away for about a minute",
        )
    old, new = before.storage_gib, after.storage_gib
    if old != new:
        yield Effect(
            what=f"database storage: {old} → {new} GiB",
            when=(
                f"{begins}, and takes hours, while the database runs; nothing restarts"
                if new > old
                else "never: storage does not shrink; the limit to which it grows falls, at once"
            ),
        )
    if before.read_replicas != after.read_replicas:
        yield Effect(
            what=f"read replicas: {before.read_replicas} → {after.read_replicas}",
            when=f"up to half an hour for a new one; then {_NEW_TASKS}",
        )
    if before.connections.proxied != after.connections.proxied:
        what = "RDS Proxy: " + ("added" if after.connections.proxied else "removed")
        yield Effect(what=what, when=f"about 15 minutes; then {_NEW_TASKS}")
