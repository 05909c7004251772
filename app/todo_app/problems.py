"""Errors for clients, as RFC 9457 problem details."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from todo_app.database import DatabaseError
from todo_app.request_log import request_id
from todo_app.todo import FieldError, InvalidTodoError

__all__ = ["EXCEPTION_HANDLERS", "problem"]

_log = logging.getLogger(__name__)

_RETRY_AFTER_SECONDS: Final = "5"


def problem(
    status: int,
    detail: str,
    *,
    errors: tuple[FieldError, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Build a problem response.

    Args:
        status: the HTTP status.
        detail: what is wrong, for people.
        errors: what is wrong with which field of the request's object.
        headers: more response headers.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id(),
    }
    if errors:
        body["errors"] = [{"field": error.field, "detail": error.detail} for error in errors]
    return Response(
        json.dumps(body),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        "application/problem+json",
    )


async def _on_http_exception(_: Request, error: HTTPException) -> Response:
    return problem(error.status_code, error.detail, headers=dict(error.headers or {}))


async def _on_invalid_todo(_: Request, error: InvalidTodoError) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, str(error), errors=error.errors)


async def _on_database_error(_: Request, error: DatabaseError) -> Response:
    # The reason names our servers: it goes to the log, not to the client.
    _log.warning("database not usable: %s", error)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database cannot be reached at the moment. Please try again.",
        headers={"Retry-After": _RETRY_AFTER_SECONDS},
    )


async def _on_client_disconnect(_: Request, __: Exception) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, "The request ended before its body did.")


async def _on_anything_else(_: Request, __: Exception) -> Response:
    # The traceback is logged where the request is.
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.")


# Each takes its own kind of exception, which the type of a dictionary cannot say.
EXCEPTION_HANDLERS: Final[dict[type[Exception], Any]] = {
    HTTPException: _on_http_exception,
    InvalidTodoError: _on_invalid_todo,
    DatabaseError: _on_database_error,
    ClientDisconnect: _on_client_disconnect,
    Exception: _on_anything_else,
}
