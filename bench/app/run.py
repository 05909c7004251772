"""One run, from images to results."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.app.containers import Containers, two_cpus
from bench.app.contestants import (
    BASELINE,
    DRIVER,
    FASTAPI,
    OURS,
    WITHOUT_BYTECODE,
    Contestant,
    build_image,
    packed_bytes,
)
from bench.app.database import Database, start_database
from bench.app.figures import Results, middle, per_cpu_second
from bench.app.load import Wrk, build_vegeta
from bench.app.rounds import Arena, Plan, Sample, at_fixed_rate, at_saturation
from bench.app.servers import Server, Start, check_answers, start_server
from local.images import ensure_database_image, ensure_python_image
from local.workspace import Workspace

__all__ = ["Finished", "run"]

_SERVERS = (BASELINE, FASTAPI, OURS)
_STARTS = (*_SERVERS, WITHOUT_BYTECODE)

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run that came to its end."""

    results: Results
    base_image: str
    database_version: str
    wrk_version: str


def run(plan: Plan, workspace: Workspace, say: Say) -> Finished:
    """Measure everything; what was started for it is gone afterwards, however it ends.

    Raises:
        LocalError: if anything fails or any contestant gives a wrong answer.
    """
    wrk = Wrk(workspace, _unwatched)
    say("images")
    base_image = ensure_python_image(workspace, _unwatched)
    ensure_database_image(workspace, _unwatched)
    vegeta = build_vegeta(workspace.cache)
    images = {one.key: build_image(workspace, one, _unwatched) for one in (*_STARTS, DRIVER)}
    with _running(plan, workspace, images, wrk, vegeta, say) as arena:
        samples = _told(at_saturation(arena), say)
        peak = middle(samples, "get", BASELINE.key, lambda m: m.requests / m.seconds)
        rate = max(1, round(peak / 2))
        samples += _told(at_fixed_rate(arena, rate), say)
        for server in arena.servers.values():
            arena.containers.remove(server.container.name)
        starts = _starts(arena, images, say)
        version = arena.database.version()
    say("sizes of images")
    with ThreadPoolExecutor() as threads:
        sizes = threads.map(packed_bytes, (images[one.key] for one in _SERVERS))
        packed = {one.key: size for one, size in zip(_SERVERS, sizes, strict=True)}
    results = Results(plan=plan, samples=samples, rate=rate, starts=starts, images=packed)
    return Finished(
        results=results, base_image=base_image, database_version=version, wrk_version=wrk.version()
    )


def _unwatched(_line: str) -> None:
    """Logs are enough."""


@contextmanager
def _running(
    plan: Plan,
    workspace: Workspace,
    images: Mapping[str, str],
    wrk: Wrk,
    vegeta: Path,
    say: Say,
) -> Iterator[Arena]:
    with (
        tempfile.TemporaryDirectory() as folder,
        two_cpus() as (server_cpu, other_cpu),
        Containers().removed_at_the_end() as containers,
    ):
        say("database")
        database = start_database(containers, workspace, cpu=other_cpu)
        for rows in plan.rows:
            _fill(containers, images[OURS.key], database, rows, cpu=other_cpu)
        say("servers")
        largest = plan.rows[-1]
        entries = [
            *((one.key, one, largest) for one in (BASELINE, FASTAPI)),
            *((plan.ours(rows), OURS, rows) for rows in plan.rows),
        ]
        servers: dict[str, Server] = {}
        for key, contestant, rows in entries:
            servers[key], _ = start_server(
                containers,
                images[contestant.key],
                contestant,
                database,
                _schema(rows),
                cpu=server_cpu,
            )
            check_answers(servers[key], contestant.title)
        yield Arena(
            plan=plan,
            containers=containers,
            database=database,
            schema=_schema(largest),
            servers=servers,
            driver_image=images[DRIVER.key],
            server_cpu=server_cpu,
            wrk=wrk,
            vegeta=vegeta,
            folder=Path(folder),
        )


def _schema(rows: int) -> str:
    return f"todo_{rows}"


def _fill(containers: Containers, image: str, database: Database, rows: int, *, cpu: int) -> None:
    schema = _schema(rows)
    containers.run(image, "migrate", cpu=cpu, environment=database.admin_environment(schema))
    database.seed(schema, rows)


def _told(samples: Iterator[Sample], say: Say) -> list[Sample]:
    done = []
    for sample in samples:
        done.append(sample)
        say(
            f"round {sample.round}, {sample.work}, {sample.contestant}: "
            f"{per_cpu_second(sample.measured):.0f} per CPU-second"
        )
    return done


def _starts(arena: Arena, images: Mapping[str, str], say: Say) -> dict[str, list[Start]]:
    starts: dict[str, list[Start]] = {contestant.key: [] for contestant in _STARTS}
    for number in range(arena.plan.rounds + 1):
        for contestant in _STARTS:
            start = _start(arena, images, contestant)
            if number:  # the first only brings the files into memory
                starts[contestant.key].append(start)
                say(f"round {number}, start, {contestant.key}: {start.seconds:.2f} s")
    return starts


def _start(arena: Arena, images: Mapping[str, str], contestant: Contestant) -> Start:
    server, start = start_server(
        arena.containers,
        images[contestant.key],
        contestant,
        arena.database,
        arena.schema,
        cpu=arena.server_cpu,
    )
    arena.containers.remove(server.container.name)
    return start
