"""The web application: page, interface and health checks behind one ASGI callable."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from todo_app.api import TodoApi
from todo_app.health import SchemaVersion, health_routes
from todo_app.problems import EXCEPTION_HANDLERS
from todo_app.request_log import RequestLog
from todo_app.security_headers import SecurityHeaders
from todo_app.store import TodoStore

__all__ = ["create_app"]

_STATIC: Final = Path(__file__).parent / "static"


async def _nothing() -> None:
    pass


def create_app(
    *,
    store: TodoStore,
    schema_version: SchemaVersion,
    on_stop: Callable[[], Awaitable[None]] = _nothing,
) -> ASGIApp:
    """Put the application together.

    Args:
        store: where to-dos are kept.
        schema_version: how readiness asks for the schema's version.
        on_stop: called once, after the last request.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await on_stop()

    app = Starlette(
        routes=[
            Route("/", _page),
            *TodoApi(store).routes(),
            *health_routes(schema_version),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lifespan,
    )
    # Wrapped, not added as middleware: Starlette answers unexpected errors outside of its own.
    return RequestLog(SecurityHeaders(app))


async def _page(_: Request) -> Response:
    # no-cache: kept, but checked for a newer release each time.
    return FileResponse(_STATIC / "index.html", headers={"Cache-Control": "no-cache"})
