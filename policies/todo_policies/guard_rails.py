"""How far a product team may go by itself; beyond it, the platform team is asked first."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.reading import shown
from todo_policies.resource_types import (
    BUDGET,
    INSTANCE,
    SCALING_TARGET,
    SCHEDULED_ACTION,
    TASK_DEFINITION,
)
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = [
    "DATABASE_SIZE_LIMIT",
    "MONTHLY_COST_LIMIT",
    "RULES",
    "TASK_COUNT_LIMIT",
    "TASK_SIZE_LIMIT",
]

_ASK = "Ask the platform team, who own policies/config."
_COST = "monthlyCostUsd"


@dataclass(frozen=True, kw_only=True)
class _Counts:
    min_tasks: int = parameter(2, "Least number of tasks, so that one may fail.", minimum=1)
    max_tasks: int = parameter(100, "Highest number of tasks.", minimum=1)


def _many_tasks(subject: Subject, parameters: _Counts) -> Iterator[str]:
    props = subject.props
    planned = subject.resource_type == SCHEDULED_ACTION
    if planned:
        props = props.get("scalableTargetAction") or {}
    lowest, highest = props.get("minCapacity"), props.get("maxCapacity")
    # An action may leave out what it does not change.
    if not planned or lowest is not None:
        if lowest is None or lowest < parameters.min_tasks:
            yield f"minCapacity is {shown(lowest)}; at least {parameters.min_tasks} are needed."
        elif lowest > parameters.max_tasks:
            yield f"minCapacity is {shown(lowest)}; {parameters.max_tasks} are allowed."
    if (not planned or highest is not None) and (highest is None or highest > parameters.max_tasks):
        yield f"maxCapacity is {shown(highest)}; {parameters.max_tasks} are allowed."


TASK_COUNT_LIMIT = ResourceRule(
    name="limit-task-count",
    severity=Severity.MEDIUM,
    why="A service has at least as many tasks as can stand the loss of one, and not more than the "
    "platform team planned for; in events, too.",
    fix=f"Stay within the limits in todo:capacity. {_ASK}",
    controls=(),
    parameters=_Counts(),
    resource_types=frozenset({SCALING_TARGET, SCHEDULED_ACTION}),
    check=_many_tasks,
)


@dataclass(frozen=True, kw_only=True)
class _Tasks:
    max_cpu: int = parameter(4096, "Highest CPU units of a task; 1024 are one CPU.", minimum=256)
    max_memory: int = parameter(16384, "Highest memory of a task in MiB.", minimum=512)


def _large_task(task: Subject, parameters: _Tasks) -> Iterator[str]:
    for key, highest in (("cpu", parameters.max_cpu), ("memory", parameters.max_memory)):
        value = task.props.get(key)
        if value is None or int(value) > highest:
            yield f"{key} is {shown(value)}; {highest} is allowed."


TASK_SIZE_LIMIT = ResourceRule(
    name="limit-task-size",
    severity=Severity.LOW,
    why="Tasks are of a size that the platform team planned for: more of them help against more "
    "traffic, larger ones seldom do.",
    fix=f"Take a smaller todo:capacity.taskSize. {_ASK}",
    controls=(),
    parameters=_Tasks(),
    resource_types=frozenset({TASK_DEFINITION}),
    check=_large_task,
)


@dataclass(frozen=True, kw_only=True)
class _Databases:
    classes: tuple[str, ...] = parameter(
        ("db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.m7g.large", "db.m7g.xlarge"),
        "Classes that an instance may have.",
    )
    max_storage_gib: int = parameter(1000, "Highest storage at the start in GiB.", minimum=20)
    max_grown_storage_gib: int = parameter(4000, "Highest storage it may grow to.", minimum=20)


def _large_database(database: Subject, parameters: _Databases) -> Iterator[str]:
    kind = database.props.get("instanceClass")
    if kind not in parameters.classes:
        yield f"instanceClass is {shown(kind)}; allowed: {', '.join(parameters.classes)}."
    for key, highest in (
        ("allocatedStorage", parameters.max_storage_gib),
        ("maxAllocatedStorage", parameters.max_grown_storage_gib),
    ):
        # A replica has its source's, and an instance without a limit does not grow.
        value = database.props.get(key)
        if value is not None and value > highest:
            yield f"{key} is {shown(value)} GiB; {highest} are allowed."


DATABASE_SIZE_LIMIT = ResourceRule(
    name="limit-database-size",
    severity=Severity.MEDIUM,
    why="Databases are of a size that the platform team planned for: storage never shrinks again.",
    fix=f"Take a smaller todo:database.size or storageGiB. {_ASK}",
    controls=(),
    parameters=_Databases(),
    resource_types=frozenset({INSTANCE}),
    check=_large_database,
)


@dataclass(frozen=True, kw_only=True)
class _Costs:
    max_usd: int = parameter(5000, "Highest cost of a month in USD.", minimum=1)


def _plans_cost(subject: Subject) -> bool:
    return subject.resource_type == BUDGET or _COST in subject.props


def _expensive(subject: Subject, parameters: _Costs) -> Iterator[str]:
    if subject.resource_type == BUDGET:
        what, value = "limitAmount", subject.props.get("limitAmount")
    else:
        what, value = _COST, subject.props.get(_COST)
    if value is None or float(value) > parameters.max_usd:
        yield f"{what} is {shown(value)} USD; {parameters.max_usd} are allowed."


MONTHLY_COST_LIMIT = ResourceRule(
    name="limit-monthly-cost",
    severity=Severity.MEDIUM,
    why="What a month may cost is agreed before it is spent.",
    fix=f"Ask for less in todo:capacity and todo:database; see `make plan`. {_ASK}",
    controls=(),
    parameters=_Costs(),
    applies_to=_plans_cost,
    check=_expensive,
)

RULES: tuple[Rule, ...] = (
    TASK_COUNT_LIMIT,
    TASK_SIZE_LIMIT,
    DATABASE_SIZE_LIMIT,
    MONTHLY_COST_LIMIT,
)
