"""Errors for clients, as RFC 9457 problem details."""

import logging
from http import HTTPStatus
from typing import Final

import msgspec

from todo_app.database import DatabaseError
from todo_app.rsgi import Headers, HTTPError, Request, Response
from todo_app.store import ChangedSinceError, KeyReusedError
from todo_app.todo import FieldError, InvalidFieldsError

__all__ = ["explain", "problem"]

_log = logging.getLogger(__name__)

_HEADERS: Final = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
_RETRY: Final = (("retry-after", "2"),)

_encode = msgspec.json.Encoder().encode


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    errors: tuple[FieldError, ...] = (),
    headers: Headers = (),
) -> Response:
    """Build a problem response.

    Args:
        request: the request that is answered.
        status: the HTTP status.
        detail: what is wrong, for people.
        errors: what is wrong with which field of the request's object.
        headers: more response headers.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": request.id,
    }
    if errors:
        body["errors"] = [{"field": error.field, "detail": error.detail} for error in errors]
    return Response(status, _encode(body), _HEADERS + headers)


def explain(request: Request, error: Exception) -> Response:
    """Turn what went wrong into an answer; what only we should know goes to the log."""
    match error:
        case HTTPError():
            return problem(request, error.status, error.detail, headers=error.headers)
        case InvalidFieldsError():
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return problem(request, status, f"{error}.", errors=error.errors)
        case ChangedSinceError():
            detail = "The to-do has been changed since; fetch it again."
            return problem(request, HTTPStatus.PRECONDITION_FAILED, detail)
        case KeyReusedError():
            detail = "This Idempotency-Key was used for another to-do."
            return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        case DatabaseError():
            _log.warning("database not usable: %s", error)  # names our servers
            detail = "The database cannot be reached at the moment. Please try again."
            return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=_RETRY)
        case _:
            _log.error("unexpected error", exc_info=error)
            detail = "Something went wrong on our side."
            return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)
