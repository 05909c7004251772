"""What load balancers and orchestrators ask: alive, and ready."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from todo_app.problems import problem
from todo_app.rsgi import Request, Response, Router, json_response

__all__ = ["HEALTH_PATHS", "Health", "ReadinessCheck"]

_ALIVE, _READY = "/healthz", "/readyz"

HEALTH_PATHS: Final = frozenset({_ALIVE, _READY})
"""Asked every few seconds by every load balancer node."""

ReadinessCheck = Callable[[], Awaitable[None]]
"""Raises `todo_app.database.DatabaseError` if requests would not succeed."""


class Health:
    """Answers health checks.

    `/healthz` says that the process answers, whatever the database does: restarting us would not
    bring a database back. `/readyz` says that requests would succeed, which takes a database that
    answers over TLS (there is no other way to reach it) and a schema that is new enough.

    Once they were there, only our own stopping takes readiness back. A database that goes away
    later is away for every task alike: an orchestrator that replaced them all would add a cold
    start to the outage. It also spares the database a question from every balancer's node.

    Attributes:
        draining: set when we are about to stop: no longer ready, whatever else is true.
    """

    def __init__(self, check: ReadinessCheck) -> None:
        self.draining = False
        self._check = check
        self._was_ready = False

    def add_routes(self, router: Router) -> None:
        """Route both checks."""
        router.add("GET", _ALIVE, self.alive)
        router.add("GET", _READY, self.ready)

    async def alive(self, _: Request) -> Response:
        """Say that this process answers."""
        return json_response({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether requests would succeed."""
        if self.draining:
            return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "This server is stopping.")
        if not self._was_ready:
            await self._check()
            self._was_ready = True
        return json_response({"status": "ok"})
