"""Whether the database bears the traffic, and what would help where it does not."""

from collections.abc import Iterator

from todo_infra import config
from todo_infra.database_limits import LASTING_CPUS_PERCENT
from todo_infra.sizes import DATABASE_CLASSES

from .connections import ConnectionBudget
from .data import Throughput
from .sizing import Sizing

__all__ = ["database_notes", "database_serves"]

_BUSY_PERCENT = 80
_MOSTLY_READS_PERCENT = 70
_MANY_CONNECTIONS_PERCENT = 70


def database_serves(settings: config.Settings, throughput: Throughput, size: str) -> int:
    """Return the requests a second that a size bears for long, with the stack's replicas.

    Replicas take the reads off the writer, which has to bear the writes; the slower of the two
    decides. Sizes that burst bear more for a while.
    """
    server = throughput.per_database_cpu * LASTING_CPUS_PERCENT[size] // 100
    reads, replicas = settings.capacity.read_percent, settings.database.read_replicas
    if not replicas:
        return server
    limits = [server * 100 // (100 - reads)] if reads < 100 else []  # noqa: PLR2004 - percent
    limits += [server * replicas * 100 // reads] if reads else []
    return min(limits)


def database_notes(
    settings: config.Settings, sizing: Sizing, budget: ConnectionBudget, throughput: Throughput
) -> Iterator[str]:
    """Yield what the platform would recommend; nothing of it is done by itself."""
    peak, size = sizing.highest[1], settings.database.size
    serves = database_serves(settings, throughput, size)
    yield (
        f"The database ({DATABASE_CLASSES[size]}) bears about {serves} req/s for long; the peak is "
        f"{peak}."
    )
    if peak * 100 > serves * _BUSY_PERCENT:
        yield _more_database(settings, throughput, peak)
    if (
        not settings.database_operations.proxy
        and budget.most * 100 > budget.usable * _MANY_CONNECTIONS_PERCENT
    ):
        yield (
            f"{budget.most} of {budget.usable} database connections may be open during a "
            "deployment: consider todo:databaseOperations.proxy, before which clients wait in "
            "place of an error."
        )


def _more_database(settings: config.Settings, throughput: Throughput, peak: int) -> str:
    enough = [
        size
        for size in DATABASE_CLASSES
        if peak * 100 <= database_serves(settings, throughput, size) * _BUSY_PERCENT
    ]
    if enough:
        return f"Consider todo:database.size {enough[0]}, which bears the peak for long."
    if settings.capacity.read_percent >= _MOSTLY_READS_PERCENT:
        more = settings.database.read_replicas + 1
        return (
            f"No todo:database.size bears the peak for long alone: consider "
            f"todo:database.readReplicas {more}, as {settings.capacity.read_percent} % are reads."
        )
    return "No todo:database.size bears the peak for long: ask the platform team (Aurora, shards)."
