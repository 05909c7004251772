"""Whether the database has a connection for everyone who may ask for one."""

from collections.abc import Iterator
from dataclasses import dataclass

from todo_infra import config
from todo_infra.database_limits import MEMORY_GIB, usable_connections
from todo_infra.errors import ConfigError

from .sizing import Sizing

__all__ = [
    "OTHERS",
    "ConnectionBudget",
    "budget_connections",
    "fitting_tasks",
    "too_many_connections",
]

DEPLOYMENT_PERCENT = 200
"""While a deployment runs, the old tasks and the new ones are there; see `service.py`."""

OTHERS = {"migration": 2, "password rotation": 1, "people, monitoring and RDS itself": 5}
"""Connections that no task's pool holds."""


@dataclass(frozen=True, kw_only=True)
class ConnectionBudget:
    """Connections of each database server: a replica has as many clients as the writer.

    Attributes:
        per_task: Of one task.
        tasks: Tasks at most, a deployment apart.
        running: What they open together.
        deploying: What they open while a deployment runs.
        others: What no task opens.
        usable: What the server accepts.
        proxied: Whether RDS Proxy stands before the writer.
    """

    per_task: int
    tasks: int
    running: int
    deploying: int
    others: int
    usable: int
    proxied: bool

    @property
    def most(self) -> int:
        """What may be open at the worst moment."""
        return self.deploying + self.others

    @property
    def times(self) -> int:
        """How often the running tasks' connections have to fit."""
        return 1 if self.proxied else DEPLOYMENT_PERCENT // 100

    @property
    def needed(self) -> int:
        """What has to fit: with RDS Proxy, what comes on top during a deployment waits."""
        return self.times * self.running + self.others


def budget_connections(settings: config.Settings, tasks: int) -> ConnectionBudget:
    """Return who opens how many connections.

    Args:
        settings: Says how big the database and each task's pool are.
        tasks: The highest number of tasks.
    """
    database = settings.database
    running = tasks * database.connections_per_task
    return ConnectionBudget(
        per_task=database.connections_per_task,
        tasks=tasks,
        running=running,
        deploying=running * DEPLOYMENT_PERCENT // 100,
        others=sum(OTHERS.values()),
        usable=usable_connections(database.size),
        # Replicas are reached without it.
        proxied=settings.database_operations.proxy and database.read_replicas == 0,
    )


def fitting_tasks(budget: ConnectionBudget) -> int:
    """Return how many tasks would find their connections."""
    return (budget.usable - budget.others) // (budget.times * budget.per_task)


def too_many_connections(
    budget: ConnectionBudget, settings: config.Settings, sizing: Sizing
) -> Iterator[ConfigError]:
    """Yield a demand that the database cannot bear, with every way out that would do."""
    if budget.needed <= budget.usable:
        return
    key, value = sizing.highest
    if settings.capacity.max_tasks:
        key, value = "todo:capacity.maxTasks", sizing.ceiling
    elif sizing.ceiling > sizing.wanted_ceiling:
        key, value = "todo:capacity.minTasks", sizing.floor
    fits = fitting_tasks(budget)
    twice = "" if budget.proxied else ", twice while a deployment runs"
    allowed = (
        f"what needs at most {fits} tasks: {budget.tasks} tasks with {budget.per_task} database "
        f"connections each{twice}, and {budget.others} others make {budget.needed}, and "
        f"todo:database.size {settings.database.size} accepts {budget.usable}"
    )
    yield ConfigError(key, value, allowed, _ways_out(budget, settings))


def _ways_out(budget: ConnectionBudget, settings: config.Settings) -> str:
    sizes = [size for size in MEMORY_GIB if usable_connections(size) >= budget.needed]
    bigger = (
        f"todo:database.size {sizes[0]}" if sizes else "no todo:database.size (none has enough)"
    )
    pool = (budget.usable - budget.others) // (budget.times * budget.tasks)
    smaller = (
        f"todo:database.connectionsPerTask {pool}"
        if pool
        else "no todo:database.connectionsPerTask (1 is too many)"
    )
    return f"Ways out: {bigger}; {smaller}; {_proxy(budget, settings)}."


def _proxy(budget: ConnectionBudget, settings: config.Settings) -> str:
    if settings.database_operations.proxy:
        return "no RDS Proxy, which is there already"
    if settings.database.read_replicas:
        return "no RDS Proxy (todo:database.readReplicas are reached without it)"
    if budget.running + budget.others > budget.usable:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
        return "no RDS Proxy (prepared statements keep its connections: it has to have as many)"
    return "todo:databaseOperations.proxy true, before which the new tasks of a deployment wait"
