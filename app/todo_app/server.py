"""Runs the web application under Granian."""

import os
from functools import partial
from typing import Final

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from starlette.types import ASGIApp

from todo_app.logs import logging_config
from todo_app.migrations import schema_version
from todo_app.pool import ConnectionPool
from todo_app.settings import ServeSettings, load_serve_settings
from todo_app.store import MySQLTodoStore
from todo_app.web import create_app

__all__ = ["application", "serve"]

# Less than the 30 s that ECS leaves between SIGTERM and SIGKILL.
_STOP_SECONDS: Final = 20


def application() -> ASGIApp:
    """Create the application from the environment; the server's process calls this."""
    settings = load_serve_settings(os.environ)
    pool = ConnectionPool(settings.database, settings.pool)
    return create_app(
        store=MySQLTodoStore(pool),
        schema_version=partial(schema_version, pool),
        on_stop=pool.close,
    )


def serve(settings: ServeSettings) -> None:
    """Answer requests until SIGTERM or SIGINT; what is in flight then is finished first."""
    Server(
        "todo_app.server:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.http_host,
        port=settings.http_port,
        # One process a container: more load means more containers.
        workers=1,
        workers_kill_timeout=_STOP_SECONDS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=logging_config(settings.log_level),
    ).serve()
