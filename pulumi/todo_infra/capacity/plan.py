"""From what the team says to the numbers that everything else is given. No resources here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from todo_infra import config
from todo_infra.config.capacity import MOST_TASKS
from todo_infra.errors import ConfigErrors
from todo_infra.sizes import DATABASE_CLASSES

from .connections import ConnectionBudget, budget_connections, fitting_tasks, too_many_connections
from .cost import MonthlyCost, cost_at_ceiling, cost_of_month
from .data import Prices, Throughput, load_prices, load_throughput
from .database import database_notes
from .schedule import FloorChange, Reservation, floor_at, floor_changes, reservations
from .sizing import ZONES, notes, reasons, size_tasks, too_many_tasks, warnings

__all__ = ["CapacityPlan", "plan_capacity"]

# Above what requests lead to: a second opinion, for costly requests.
_CPU_TARGET_PERCENT = 60
# Above what a task needs at rest, at every size: else memory would hold the count up for ever.
_MEMORY_TARGET_PERCENT = 75
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class CapacityPlan:
    """How far the service scales, by what, what it costs, and why.

    Attributes:
        task_size: T-shirt size of one task.
        min_tasks: The least number now: that of an event, while there is one.
        floor_tasks: The least number without events.
        max_tasks: The highest number.
        rated_requests_per_task_per_second: What one task serves.
        requests_per_task_per_minute: Load of one task to aim at, as the metric counts it.
        cpu_percent: CPU use to aim at.
        memory_percent: Memory use to aim at.
        expected_requests_per_second: Of an ordinary busy hour.
        peak_requests_per_second: The highest that is planned for, events included.
        changes: What events change from now on, by time.
        past_events: Names of events that are over.
        reservations: Load balancer capacity that events ask for.
        reserved_units: What of it a deployment reserves now; 0 for nothing.
        database_class: The database's instance class.
        read_replicas: Copies of it.
        storage_gib: Its storage at the start.
        maintenance_window: When a change of it happens, in UTC; None for at once.
        connections: Who opens how many connections to it.
        cost: Of the month that begins now; None where the region's prices are not known.
        ceiling_cost: Of a month at `max_tasks`, day and night.
        reasons: Why these numbers, in words.
        notes: What the platform would recommend.
        actions: What somebody has to do, and when.
        warnings: What is wrong, though it works.
    """

    task_size: str
    min_tasks: int
    floor_tasks: int
    max_tasks: int
    rated_requests_per_task_per_second: int
    requests_per_task_per_minute: int
    cpu_percent: int
    memory_percent: int
    expected_requests_per_second: int
    peak_requests_per_second: int
    changes: tuple[FloorChange, ...]
    past_events: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    reserved_units: int
    database_class: str
    read_replicas: int
    storage_gib: int
    maintenance_window: str | None
    connections: ConnectionBudget
    cost: MonthlyCost | None
    ceiling_cost: MonthlyCost | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    actions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def most_requests_per_second(self) -> int:
        """What all tasks serve, once as many run as may."""
        return self.max_tasks * self.rated_requests_per_task_per_second

    @property
    def most_without_a_zone(self) -> int:
        """What is left of it when a zone is lost, until its tasks run elsewhere."""
        left = self.max_tasks - -(-self.max_tasks // ZONES)
        return left * self.rated_requests_per_task_per_second

    @property
    def headroom_percent(self) -> int:
        """How much above the peak is served with a zone lost; negative if it is less."""
        return self.most_without_a_zone * 100 // self.peak_requests_per_second - 100


def plan_capacity(settings: config.Settings, now: datetime) -> CapacityPlan:
    """Return the plan of a stack.

    A deployment in the middle of an event must not take its tasks away, so that the floor is
    the event's while it lasts.

    Args:
        settings: The stack's config.
        now: Decides which events are past, which are going on, and how old the figures are.

    Raises:
        ConfigErrors: What the team asks for is more than a service or the database can be.
    """
    capacity, throughput = settings.capacity, load_throughput()
    prices = load_prices(settings.region)
    most = min(MOST_TASKS, fitting_tasks(budget_connections(settings, 0)))
    sizing = size_tasks(capacity, throughput, now, most)
    budget = budget_connections(settings, sizing.ceiling)
    # A service that cannot be would ask for connections that nobody has to think about.
    if problems := [*too_many_tasks(sizing, capacity, throughput)] or [
        *too_many_connections(budget, settings, sizing)
    ]:
        raise ConfigErrors(problems)
    reserved = tuple(reservations(capacity, now))
    past = tuple(event.name for event in capacity.events if event.ends <= now)
    return CapacityPlan(
        task_size=capacity.task_size,
        min_tasks=floor_at(now, capacity, sizing),
        floor_tasks=sizing.floor,
        max_tasks=sizing.ceiling,
        rated_requests_per_task_per_second=sizing.rated,
        requests_per_task_per_minute=sizing.target * _SECONDS_PER_MINUTE,
        cpu_percent=_CPU_TARGET_PERCENT,
        memory_percent=_MEMORY_TARGET_PERCENT,
        expected_requests_per_second=capacity.expected_requests_per_second,
        peak_requests_per_second=sizing.highest[1],
        changes=floor_changes(capacity, sizing, now),
        past_events=past,
        reservations=reserved,
        reserved_units=max((r.units for r in reserved if r.begins <= now), default=0),
        database_class=DATABASE_CLASSES[settings.database.size],
        read_replicas=settings.database.read_replicas,
        storage_gib=settings.database.storage_gib,
        maintenance_window=_maintenance_window(settings),
        connections=budget,
        cost=cost_of_month(settings, sizing, prices, reserved, now) if prices else None,
        ceiling_cost=cost_at_ceiling(settings, sizing, prices) if prices else None,
        reasons=(*reasons(sizing, capacity), _connections(budget, settings)),
        notes=(
            *notes(sizing, capacity),
            *database_notes(settings, sizing, budget, throughput),
            *_of_prices(settings.region, prices),
        ),
        actions=tuple(_actions(reserved)),
        warnings=(
            *(f"The event {name} is over: remove it from todo:capacity.events." for name in past),
            *warnings(sizing, capacity, throughput),
            *_of_the_figures(settings.region, throughput, prices, now),
        ),
    )


def _maintenance_window(settings: config.Settings) -> str | None:
    operations = settings.database_operations
    return None if operations.apply_immediately else operations.maintenance_window


def _connections(budget: ConnectionBudget, settings: config.Settings) -> str:
    return (
        f"{budget.most} database connections at most: {budget.tasks} tasks with {budget.per_task} "
        f"each, twice while a deployment runs, and {budget.others} others; "
        f"{DATABASE_CLASSES[settings.database.size]} accepts {budget.usable}."
    )


def _actions(reserved: tuple[Reservation, ...]) -> Iterator[str]:
    for one in reserved:
        begins, until, ends = (
            f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (one.begins, one.crowd, one.ends)
        )
        yield (
            f"Event {one.event}: traffic more than doubles at once. Deploy between {begins} and "
            f"{until}, which reserves {one.units} capacity units of the load balancer; and once "
            f"more after {ends}, which gives them back."
        )


def _of_prices(region: str, prices: Prices | None) -> Iterator[str]:
    if prices and prices.uncertain:
        yield (
            f"Costs are by prices of {prices.checked}; those {prices.uncertain} in {region} are "
            "right to about a tenth."
        )


def _of_the_figures(
    region: str, throughput: Throughput, prices: Prices | None, now: datetime
) -> Iterator[str]:
    if prices is None:
        yield f"No estimate of costs: data/prices.json has no prices for {region}."
    for figures in (throughput, prices):
        if figures and (warning := figures.warning(now.date())):
            yield warning
