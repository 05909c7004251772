"""What a month costs: the sum of named parts. An estimate, whose assumptions are below."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from todo_infra import config
from todo_infra.sizes import DATABASE_CLASSES, TASK_SIZES

from .data import Prices, load_prices
from .schedule import Reservation, event_tasks
from .sizing import ZONES, Sizing

__all__ = [
    "ASSUMPTIONS",
    "CostPart",
    "MonthlyCost",
    "cost_at_ceiling",
    "cost_of_month",
    "task_hour_usd",
    "unit_hour_usd",
]

_HOURS = 730
_SECONDS = _HOURS * 3600
_MONTH = timedelta(days=30)
_PEAK_PERCENT = 1
_AVERAGE_PERCENT = 50
_BYTES_PER_ANSWER = 3_000
_BYTES_LOGGED_PER_REQUEST = 300
_FLOW_BYTES_PER_REQUEST = 50  # a line for each connection and minute
_NEW_CONNECTION_PERCENT = 10
_CONNECTIONS_PER_UNIT = 25
_GB_PER_UNIT_HOUR = 1
_GB = 1e9
# Rules of `firewall.py`, metrics of Container Insights, alarms of `alarm_table.py`, secrets,
# endpoints of `endpoints.py`, processors that RDS Proxy charges for at least.
_FIREWALL_RULES = 5
_INSIGHT_METRICS = 25
_ALARMS = 12
_SECRETS = 2
_ENDPOINTS = 4
_PROXY_CPUS = 2
_CENT = 2

ASSUMPTIONS: str = (
    f"A month has {_HOURS} hours. Traffic is {_AVERAGE_PERCENT} % of expectedRequestsPerSecond on "
    f"average, and at the peak in {_PEAK_PERCENT} % of the hours; events come on top. An answer "
    f"has {_BYTES_PER_ANSWER} bytes; one request in {100 // _NEW_CONNECTION_PERCENT} opens a "
    "connection. Spare capacity counts as on demand. Not counted: what Terraform made (NAT "
    "gateway, registry), storage that grows, backups above the database's size, taxes."
)


@dataclass(frozen=True, kw_only=True)
class CostPart:
    """One line of the estimate.

    Attributes:
        name: What is paid for.
        usd: US dollars a month, in whole cents.
    """

    name: str
    usd: float


@dataclass(frozen=True, kw_only=True)
class MonthlyCost:
    """An estimate: its parts, and nothing beside them."""

    parts: tuple[CostPart, ...]

    @property
    def usd(self) -> float:
        """The sum of the parts."""
        return round(sum(part.usd for part in self.parts), _CENT)


@dataclass(frozen=True, kw_only=True)
class _Use:
    """How much is used in a month.

    Attributes:
        task_hours: Of all tasks together.
        requests: All of them.
        unit_hours: Load balancer units that are reserved.
    """

    task_hours: float
    requests: float
    unit_hours: float = 0


def cost_of_month(
    settings: config.Settings,
    sizing: Sizing,
    prices: Prices,
    reserved: tuple[Reservation, ...],
    now: datetime,
) -> MonthlyCost:
    """Return what the month that begins now is expected to cost."""
    capacity = settings.capacity
    expected, peak = capacity.expected_requests_per_second, capacity.peak_requests_per_second
    share = _PEAK_PERCENT / 100
    tasks = sizing.floor + share * (sizing.ceiling - sizing.floor)
    traffic = (1 - share) * expected * _AVERAGE_PERCENT / 100 + share * peak
    task_hours, requests = tasks * _HOURS, traffic * _SECONDS
    for event in capacity.events:
        hours = _hours_within(event.begins, event.ends, now)
        task_hours += hours * (event_tasks(event, sizing) - sizing.floor)
        requests += hours * 3600 * max(0, event.peak_requests_per_second - expected) / 2
    units = sum(one.units * _hours_within(one.begins, one.ends, now) for one in reserved)
    use = _Use(task_hours=task_hours, requests=requests, unit_hours=units)
    return _cost(settings, prices.of, use)


def cost_at_ceiling(settings: config.Settings, sizing: Sizing, prices: Prices) -> MonthlyCost:
    """Return what a month would cost with the highest traffic and all tasks, day and night."""
    use = _Use(
        task_hours=float(sizing.ceiling * _HOURS), requests=float(sizing.highest[1] * _SECONDS)
    )
    return _cost(settings, prices.of, use)


def task_hour_usd(settings: config.Settings) -> float | None:
    """Return what one task costs in an hour; None where the region's prices are not known."""
    prices = load_prices(settings.region)
    return _task_hour(settings, prices.of) if prices else None


def unit_hour_usd(settings: config.Settings) -> float | None:
    """Return what a capacity unit of the load balancer costs in an hour, or None likewise."""
    prices = load_prices(settings.region)
    return float(prices.of["balancerUnitHour"]) if prices else None


def _hours_within(begins: datetime, ends: datetime, now: datetime) -> float:
    """Return how many hours of a time lie in the month that begins now."""
    begins, ends = max(begins, now), min(ends, now + _MONTH)
    return max(0.0, (ends - begins).total_seconds() / 3600)


def _cost(settings: config.Settings, prices: Mapping[str, Any], use: _Use) -> MonthlyCost:
    parts = [*_parts(settings, prices, use)]
    return MonthlyCost(
        parts=tuple(CostPart(name=name, usd=round(usd, _CENT)) for name, usd in parts if usd)
    )


def _parts(
    settings: config.Settings, prices: Mapping[str, Any], use: _Use
) -> Iterator[tuple[str, float]]:
    yield "tasks", use.task_hours * _task_hour(settings, prices)
    yield from _database(settings, prices)
    yield "load balancer", _balancer(prices, use)
    if settings.load_balancer.waf:
        yield (
            "firewall",
            prices["firewallMonth"]
            + _FIREWALL_RULES * prices["firewallRuleMonth"]
            + use.requests / 1e6 * prices["firewallMillionRequests"],
        )
    if settings.encryption.customer_managed_key:
        yield "encryption key", prices["keyMonth"]
    yield "secrets", _SECRETS * prices["secretMonth"]
    if settings.network.vpc_endpoints:
        yield "endpoints", _ENDPOINTS * ZONES * _HOURS * prices["endpointHour"]
    yield "logs and alarms", _watching(settings, prices, use)
    yield (
        "traffic to the internet",
        use.requests * _BYTES_PER_ANSWER / _GB * prices["transferOutGb"],
    )


def _task_hour(settings: config.Settings, prices: Mapping[str, Any]) -> float:
    size, platform = TASK_SIZES[settings.capacity.task_size], settings.image.platform
    cpu: float = size.cpu / 1024 * prices["taskCpuHour"][platform]
    memory: float = size.memory / 1024 * prices["taskGbHour"][platform]
    return cpu + memory


def _database(settings: config.Settings, prices: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    database, operations = settings.database, settings.database_operations
    zones = "twoZones" if operations.multi_az else "oneZone"
    hour, storage = (
        prices["databaseHour"][DATABASE_CLASSES[database.size]],
        prices["storageGbMonth"],
    )
    yield "database", hour[zones] * _HOURS
    yield "database storage", database.storage_gib * storage[zones]
    replica = hour["oneZone"] * _HOURS + database.storage_gib * storage["oneZone"]
    yield "read replicas", database.read_replicas * replica
    if operations.proxy:
        yield "database proxy", _PROXY_CPUS * _HOURS * prices["proxyCpuHour"]


def _balancer(prices: Mapping[str, Any], use: _Use) -> float:
    """Hours and units: of new connections and of bytes, those that are more."""
    connections = use.requests * _NEW_CONNECTION_PERCENT / 100 / 3600 / _CONNECTIONS_PER_UNIT
    gigabytes = use.requests * _BYTES_PER_ANSWER / _GB / _GB_PER_UNIT_HOUR
    units = max(connections, gigabytes) + use.unit_hours
    hours: float = _HOURS * prices["balancerHour"]
    return hours + units * float(prices["balancerUnitHour"])


def _watching(settings: config.Settings, prices: Mapping[str, Any], use: _Use) -> float:
    flows = _FLOW_BYTES_PER_REQUEST if settings.network.flow_logs else 0
    logged = use.requests * (_BYTES_LOGGED_PER_REQUEST + flows) / _GB
    usd: float = logged * prices["logGb"]
    usd += _ALARMS * prices["alarmMonth"] if settings.observability.alarms else 0
    usd += prices["dashboardMonth"] if settings.observability.dashboard else 0
    if settings.logs.container_insights != "disabled":
        usd += _INSIGHT_METRICS * prices["metricMonth"]
    return usd
