"""How many tasks a traffic needs. Whole numbers only: more traffic never means fewer tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from todo_infra import config
from todo_infra.config.capacity import MOST_TASKS
from todo_infra.errors import ConfigError
from todo_infra.sizes import TASK_SIZES

from .data import Throughput

__all__ = [
    "HEADROOM_PERCENT",
    "ZONES",
    "Sizing",
    "counted",
    "notes",
    "reasons",
    "size_tasks",
    "target_per_task",
    "tasks_for",
    "too_many_tasks",
    "warnings",
]

ZONES = 2
"""The fewest that a network may have; with more of them, the loss of one takes less."""

HEADROOM_PERCENT = 30
"""Traffic may grow by so much while more tasks start, for which AWS states six minutes."""

_KEY = "todo:capacity"
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
_QUOTA_OF_NEW_ACCOUNTS = 6


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """How many tasks, and from what it follows.

    Attributes:
        rated: Requests a second that one task serves.
        target: Requests a second that one task shall have: what is left of `rated` with
            headroom, and with one zone lost.
        floor: Tasks that always run, events apart.
        busy_floor: What the expected traffic needs.
        crowd_floor: What bears the peak, without headroom and with all zones: a crowd that nobody
            announced is there before AWS has more tasks.
        ceiling: Tasks that may run.
        wanted_ceiling: What the highest traffic needs.
        highest: Whose traffic that is: the key, and its requests a second.
    """

    rated: int
    target: int
    floor: int
    busy_floor: int
    crowd_floor: int
    ceiling: int
    wanted_ceiling: int
    highest: tuple[str, int]

    @property
    def wanted_floor(self) -> int:
        """What `floor` would be without `todo:capacity.minTasks` and `maxTasks`."""
        return max(self.busy_floor, self.crowd_floor)


def target_per_task(rated: int) -> int:
    """Return the requests a second to aim at, so that a zone may go and traffic may grow."""
    return max(1, rated * (ZONES - 1) * 100 // (ZONES * (100 + HEADROOM_PERCENT)))


def tasks_for(requests_per_second: int, target: int) -> int:
    """Return how many tasks it takes, as many in each zone: an odd one may go with its zone."""
    of_one_zone = -(-requests_per_second // (target * ZONES))
    return max(1, of_one_zone) * ZONES


def size_tasks(
    capacity: config.Capacity, throughput: Throughput, now: datetime, most: int
) -> Sizing:
    """Return the least and the highest number of tasks.

    Args:
        capacity: What the team expects.
        throughput: What a task serves.
        now: Events that ended before need nothing.
        most: As many as there is room for; what is not asked for stays below.
    """
    rated = throughput.per_task[capacity.task_size]
    target = target_per_task(rated)
    peaks = {f"{_KEY}.peakRequestsPerSecond": capacity.peak_requests_per_second} | {
        f"{_KEY}.events[{event.name}].peakRequestsPerSecond": event.peak_requests_per_second
        for event in capacity.events
        if event.ends > now
    }
    highest = max(peaks.items(), key=lambda peak: peak[1])
    busy_floor = tasks_for(capacity.expected_requests_per_second, target)
    # Within AWS's six minutes a crowd can be complete: `make simulate SCENARIO=flash-crowd`.
    crowd_floor = tasks_for(capacity.peak_requests_per_second, rated)
    wanted_floor = max(busy_floor, crowd_floor)
    wanted_ceiling = tasks_for(highest[1], target)
    floor = capacity.min_tasks or min(wanted_floor, capacity.max_tasks or wanted_floor)
    return Sizing(
        rated=rated,
        target=target,
        floor=floor,
        busy_floor=busy_floor,
        crowd_floor=crowd_floor,
        # What is not in the figures, costly requests for instance, may ask for more as well.
        ceiling=capacity.max_tasks or max(wanted_ceiling, floor, min(floor + ZONES, most)),
        wanted_ceiling=wanted_ceiling,
        highest=highest,
    )


def counted(tasks: int) -> str:
    """Return a number of tasks in words."""
    return "1 task" if tasks == 1 else f"{tasks} tasks"


def too_many_tasks(
    sizing: Sizing, capacity: config.Capacity, throughput: Throughput
) -> Iterator[ConfigError]:
    """Yield what one service cannot be: more tasks than its load balancer takes."""
    if sizing.ceiling <= MOST_TASKS:
        return
    key, value = sizing.highest
    larger = [
        size
        for size, rated in throughput.per_task.items()
        if value <= MOST_TASKS * target_per_task(rated)
    ]
    yield ConfigError(
        key,
        value,
        f"what {MOST_TASKS} tasks serve, of {sizing.target} requests per second each with taskSize "
        f"{capacity.task_size}: at most {MOST_TASKS * sizing.target}",
        f"Take taskSize {larger[0]}."
        if larger
        else "Ask the platform team: it takes two services.",
    )


def reasons(sizing: Sizing, capacity: config.Capacity) -> Iterator[str]:
    """Yield how the numbers come about."""
    size = capacity.task_size
    yield (
        f"One {size} task serves {sizing.rated} req/s, and is given {sizing.target}: "
        f"{HEADROOM_PERCENT} % headroom while more tasks start, and one of {ZONES} zones may go "
        "(two are assumed, the fewest that a network has)."
    )
    each = f"at {sizing.target} req/s per {size} task"
    if capacity.min_tasks:
        yield f"At least {counted(sizing.floor)}: minTasks says so."
    elif sizing.floor <= sizing.busy_floor:
        expected = capacity.expected_requests_per_second
        yield f"At least {counted(sizing.floor)}: {expected} req/s expected, {each}."
    else:
        yield (
            f"At least {counted(sizing.floor)}: {capacity.peak_requests_per_second} req/s may come "
            f"within minutes and unannounced, and these bear them, with {sizing.rated} req/s each, "
            "until more tasks have started."
        )
    if capacity.max_tasks:
        yield f"At most {counted(sizing.ceiling)}: maxTasks says so."
    elif sizing.ceiling == sizing.wanted_ceiling:
        yield f"At most {sizing.ceiling} tasks: {sizing.highest[1]} req/s at the peak, {each}."
    else:
        yield (
            f"At most {sizing.ceiling} tasks: {sizing.highest[1]} req/s at the peak, {each}, need "
            f"{sizing.wanted_ceiling}; the others are for what is not foreseen."
        )


def notes(sizing: Sizing, capacity: config.Capacity) -> Iterator[str]:
    """Yield what the team has decided against the figures, and what the account has to allow."""
    key = "minTasks" if capacity.min_tasks else "maxTasks"
    rest = f"{_KEY}.{key} allows for {counted(sizing.floor)} at rest"
    if sizing.floor < sizing.busy_floor:
        yield (
            f"{rest}: {capacity.expected_requests_per_second} req/s expected need "
            f"{counted(sizing.busy_floor)}, of which one zone may lose its own."
        )
    elif sizing.floor < sizing.crowd_floor:
        yield (
            f"{rest}, which bear {sizing.floor * sizing.rated} req/s: a crowd that nobody "
            f"announced, of up to {capacity.peak_requests_per_second} req/s, is short of tasks for "
            f"about six minutes; {counted(sizing.crowd_floor)} bear it."
        )
    cpus = 2 * sizing.ceiling * TASK_SIZES[capacity.task_size].cpu / 1024
    if cpus > _QUOTA_OF_NEW_ACCOUNTS:
        yield (
            f"A deployment with all {sizing.ceiling} tasks takes {cpus:g} virtual CPUs: the "
            f"account's quota for Fargate has to allow for them (new ones have "
            f"{_QUOTA_OF_NEW_ACCOUNTS})."
        )


def warnings(sizing: Sizing, capacity: config.Capacity, throughput: Throughput) -> Iterator[str]:
    """Yield what an override takes away, and what a smaller size does as well."""
    if sizing.ceiling < sizing.wanted_ceiling:
        key, value = sizing.highest
        yield (
            f"{_KEY}.maxTasks is {sizing.ceiling}: {key} {value} needs {sizing.wanted_ceiling} "
            f"tasks. {sizing.ceiling * sizing.target} requests per second are planned for."
        )
    smaller = [size for size, rated in throughput.per_task.items() if rated >= sizing.rated]
    if smaller[0] != capacity.task_size:
        yield (
            f"{_KEY}.taskSize {capacity.task_size} serves no more than {smaller[0]} and costs "
            f"more: the application uses one CPU of a task. Take {smaller[0]}."
        )
