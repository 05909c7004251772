"""Runs the web application under Granian, in this one process, from start to a gentle end."""

import asyncio
import logging
import random
import signal
from contextlib import suppress
from functools import partial
from typing import Final

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from todo_app import logs
from todo_app.access_log import AccessLog
from todo_app.database import DatabaseError
from todo_app.door import Door
from todo_app.health import Health
from todo_app.metrics import Metrics
from todo_app.pool import ConnectionPool
from todo_app.replicas import Replicas
from todo_app.schema import check_schema
from todo_app.settings import HTTPSettings, ServeSettings
from todo_app.store import MySQLTodoStore
from todo_app.web import Application

__all__ = ["run", "serve"]

_log = logging.getLogger(__name__)

# From SIGTERM to the end; whoever stops us may lose patience after 20 s. With the default lame duck
# it leaves more time than the longest request takes.
_STOP_SECONDS: Final = 18
# Longest time for a request's head to come, so also for a kept connection to be idle: longer than a
# balancer keeps it (AWS's 60 s), else requests meet a connection that we are about to close.
_HEAD_MILLISECONDS: Final = 75_000
_LARGEST_HEAD: Final = 64 * 1024  # bytes
_BACKLOG: Final = 1024
# Granian's "backpressure": connections at once, idle ones included, and 1024 if it is not told. A
# balancer keeps many, and the next one, which may be a health check's, would wait for their end.
_CONNECTIONS: Final = 16_384
_HOUSEKEEPING_SECONDS: Final = 600.0


def serve(settings: ServeSettings) -> None:
    """Answer requests until SIGTERM or SIGINT; what is in flight then is finished first."""
    logs.configure(settings.log_level)
    uvloop.run(_serve(settings))


async def run(application: Application, health: Health, settings: HTTPSettings) -> None:
    """Serve an application until SIGTERM or SIGINT.

    Then comes the lame duck: not ready any more, but still answering, each time with
    `Connection: close`, so that balancers and clients go elsewhere before the door shuts. Without
    it a request sent on a kept connection meets a closed one.
    """
    server = Server(
        application,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEAD_MILLISECONDS, max_buffer_size=_LARGEST_HEAD
        ),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_CONNECTIONS,
        log_enabled=False,  # as set up already
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        _log.info("stopping; serving on for %d s", settings.lame_duck_seconds)
        health.draining = True
        await asyncio.sleep(settings.lame_duck_seconds)
        server.stop()  # type: ignore[no-untyped-call]
        # Idle connections are closed at once, the others after their answer.
        await asyncio.wait({serving}, timeout=_STOP_SECONDS - settings.lame_duck_seconds)
    stopping.cancel()
    if serving.done():
        await serving
    else:
        _log.warning("gave up requests that were not finished in %d s", _STOP_SECONDS)


async def _serve(settings: ServeSettings) -> None:
    metrics, access_log = Metrics(), AccessLog(enabled=settings.http.access_log)
    pool = ConnectionPool(settings.database, settings.credentials, settings.pool)
    metrics.watch_pool(pool)
    pools = [ConnectionPool(one, settings.credentials, settings.pool) for one in settings.readers]
    replicas = Replicas(pool, pools, metrics.count_read)
    store = MySQLTodoStore(pool, replicas)
    door = Door(
        lambda: any([one.is_crowded() for one in (pool, *pools)]),  # noqa: C419 - half the cost
        metrics.count_refused,
    )
    health = Health(partial(check_schema, pool))
    application = Application(
        store=store,
        health=health,
        settings=settings.http,
        metrics=metrics,
        access_log=access_log,
        door=door,
    )
    if settings.http.metrics_port:
        metrics.serve(settings.http.host, settings.http.metrics_port)
    housekeeping = asyncio.create_task(_keep_house(store))
    try:
        await run(application, health, settings.http)
    finally:
        housekeeping.cancel()
        await replicas.close()
        await pool.close()
        door.tell()
        access_log.flush()


async def _keep_house(store: MySQLTodoStore) -> None:
    """Now and then forget what nobody will ask for; each task at a time of its own."""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        with suppress(DatabaseError):
            await store.forget_old_keys()
