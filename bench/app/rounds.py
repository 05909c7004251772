"""What is measured, in rounds in which all contestants take turns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.app.containers import Containers
from bench.app.contestants import BASELINE, DRIVER, FASTAPI, OURS
from bench.app.database import LIST_SIZE, Database, list_id
from bench.app.load import Measured, Wrk, fixed_rate
from bench.app.servers import Server, todos_path

__all__ = ["Arena", "Plan", "Sample", "at_fixed_rate", "at_saturation"]

_MOST_LISTS = 1000
_NEW_LISTS = 10**9
_POST_BODY = '{"title": "Buy milk and a dozen eggs"}'
_WARM_UP_SECONDS = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: how often each figure is taken.
        seconds: how long each time; twice as long at a fixed rate, for the sake of its p99.
        rows: table sizes, smallest first; all but our growth is measured in the largest.
    """

    rounds: int
    seconds: int
    rows: tuple[int, int, int]

    def ours(self, rows: int) -> str:
        """The key of our server on the table of that size."""
        return OURS.key if rows == self.rows[-1] else f"{OURS.key}-{rows}"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A measurement of one contestant in one round.

    Attributes:
        round: from 1.
        work: `get`, `post`, `static`, `select` or `fixed-rate`.
        contestant: its key, `ours-100` and so on for smaller tables.
        measured: what came of it.
    """

    round: int
    work: str
    contestant: str
    measured: Measured


@dataclass(frozen=True, kw_only=True)
class Arena:
    """Everything that runs while rounds are measured."""

    plan: Plan
    containers: Containers
    database: Database
    schema: str
    servers: Mapping[str, Server]
    driver_image: str
    server_cpu: int
    wrk: Wrk
    vegeta: Path
    folder: Path


def at_saturation(arena: Arena) -> Iterator[Sample]:
    """GET, POST, and the two limits: our server without a database, the driver without HTTP."""
    for number in range(1, arena.plan.rounds + 1):
        for key in _turns(number, [*arena.servers]):
            yield Sample(round=number, work="get", contestant=key, measured=_get(arena, key))
        for key in _turns(number, [BASELINE.key, FASTAPI.key, OURS.key]):
            yield Sample(round=number, work="post", contestant=key, measured=_post(arena, key))
        static = _saturate(arena, OURS.key, ["/healthz"])
        yield Sample(round=number, work="static", contestant=OURS.key, measured=static)
        yield Sample(round=number, work="select", contestant=DRIVER.key, measured=_select(arena))


def at_fixed_rate(arena: Arena, rate: int) -> Iterator[Sample]:
    """GET at the same rate for all."""
    for number in range(1, arena.plan.rounds + 1):
        for key in _turns(number, [BASELINE.key, FASTAPI.key, OURS.key]):
            server = arena.servers[key]
            urls = [server.url + path for path in _paths(arena.plan.rows[-1])]
            fixed_rate(arena.vegeta, server.container, urls, rate=rate, seconds=_WARM_UP_SECONDS)
            measured = fixed_rate(
                arena.vegeta, server.container, urls, rate=rate, seconds=2 * arena.plan.seconds
            )
            yield Sample(round=number, work="fixed-rate", contestant=key, measured=measured)


def _turns(number: int, keys: Sequence[str]) -> list[str]:
    """Another contestant first in every round."""
    first = (number - 1) % len(keys)
    return [*keys[first:], *keys[:first]]


def _lists(rows: int) -> list[int]:
    """Numbers of up to 1000 lists, spread over the table."""
    lists = rows // LIST_SIZE
    step = max(1, lists // _MOST_LISTS)
    return [*range(0, lists, step)][:_MOST_LISTS]


def _paths(rows: int) -> list[str]:
    return [todos_path(number) for number in _lists(rows)]


def _get(arena: Arena, key: str) -> Measured:
    sizes = {arena.plan.ours(rows): rows for rows in arena.plan.rows}
    return _saturate(arena, key, _paths(sizes.get(key, arena.plan.rows[-1])))


def _post(arena: Arena, key: str) -> Measured:
    paths = [todos_path(_NEW_LISTS + number) for number in range(_MOST_LISTS)]
    return _saturate(arena, key, paths, body=_POST_BODY)


def _saturate(arena: Arena, key: str, paths: Sequence[str], *, body: str | None = None) -> Measured:
    file = arena.folder / "paths"
    file.write_text("\n".join(paths))
    server = arena.servers[key]
    for seconds in (_WARM_UP_SECONDS, arena.plan.seconds):
        measured = arena.wrk.saturate(
            server.container, server.url, file, seconds=seconds, body=body
        )
    return measured


def _select(arena: Arena) -> Measured:
    printed = arena.containers.run(
        arena.driver_image,
        str(arena.plan.seconds),
        *(list_id(number) for number in _lists(arena.plan.rows[-1])),
        cpu=arena.server_cpu,
        environment=arena.database.environment(arena.schema),
    )
    return Measured(**json.loads(printed), p50_ms=0, p99_ms=0)
