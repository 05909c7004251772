"""What load balancers and orchestrators ask: alive, and ready."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from todo_app.migrations import EXPECTED_VERSION
from todo_app.problems import problem

__all__ = ["SchemaVersion", "health_routes"]

SchemaVersion = Callable[[], Awaitable[int]]
"""Asks the database for its schema's version; may raise `todo_app.database.DatabaseError`."""


def health_routes(schema_version: SchemaVersion) -> list[Route]:
    """Return the routes.

    `/healthz` says that the process answers, whatever the database does: restarting us would not
    bring a database back. `/readyz` says that requests would succeed, which takes a database that
    answers over TLS (there is no other way to reach it) and a schema that is new enough. A newer
    one is fine: the next release migrates while this one still serves.
    """

    async def healthz(_: Request) -> Response:
        return _ok()

    async def readyz(_: Request) -> Response:
        version = await schema_version()
        if version < EXPECTED_VERSION:
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"The schema is at version {version}; {EXPECTED_VERSION} is needed.",
            )
        return _ok()

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _ok() -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
