"""The JSON interface under `/api/todos`."""

import json
import re
from dataclasses import asdict
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from todo_app.store import TodoStore
from todo_app.todo import Todo, parse_changes, parse_new_todo

__all__ = ["LARGEST_BODY", "LARGEST_PAGE", "TodoApi"]

LARGEST_BODY: Final = 16 * 1024
"""Bytes; the longest title takes 3 KiB even when every character is escaped."""

LARGEST_PAGE: Final = 1000
"""To-dos in one answer; a `Link` header leads to the next."""

# 18 digits always fit a BIGINT.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_NO_STORE: Final = {"Cache-Control": "no-store"}


class TodoApi:
    """Translates between HTTP and a `TodoStore`."""

    def __init__(self, store: TodoStore) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        one, all_ = "/api/todos/{todo_id}", "/api/todos"
        return [
            Route(all_, self.page, methods=["GET"]),
            Route(all_, self.add, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.update, methods=["PATCH"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def page(self, request: Request) -> Response:
        """Answer with to-dos, oldest first: `?after=ID` continues, `?limit=N` shortens."""
        after = _query_number(request, "after", default=0)
        limit = min(_query_number(request, "limit", default=LARGEST_PAGE), LARGEST_PAGE)
        # One more than asked for tells whether there is more.
        todos = await self._store.page(after=after, limit=limit + 1)
        headers = dict(_NO_STORE)
        if limit and len(todos) > limit:
            headers["Link"] = f'<?after={todos[limit - 1].id}&limit={limit}>; rel="next"'
        return JSONResponse([asdict(todo) for todo in todos[:limit]], headers=headers)

    async def add(self, request: Request) -> Response:
        """Add a to-do."""
        todo = await self._store.add(parse_new_todo(await _json_object(request)))
        # Relative, because a proxy may show us under a path we do not know.
        location = {"Location": f"todos/{todo.id}"}
        return JSONResponse(asdict(todo), HTTPStatus.CREATED, _NO_STORE | location)

    async def get(self, request: Request) -> Response:
        """Answer with one to-do."""
        return _found(await self._store.get(_todo_id(request)))

    async def update(self, request: Request) -> Response:
        """Change a to-do's title, its completion, or both."""
        todo_id = _todo_id(request)
        changes = parse_changes(await _json_object(request))
        return _found(await self._store.update(todo_id, changes))

    async def delete(self, request: Request) -> Response:
        """Delete a to-do."""
        if not await self._store.delete(_todo_id(request)):
            raise _no_such_todo()
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_NO_STORE)


def _found(todo: Todo | None) -> Response:
    if todo is None:
        raise _no_such_todo()
    return JSONResponse(asdict(todo), headers=_NO_STORE)


def _no_such_todo() -> HTTPException:
    return HTTPException(HTTPStatus.NOT_FOUND, "There is no such to-do (any more).")


def _todo_id(request: Request) -> int:
    text = request.path_params["todo_id"]
    if not _NUMBER.fullmatch(text):
        raise _no_such_todo()
    return int(text)


def _query_number(request: Request, name: str, *, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not _NUMBER.fullmatch(text):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number.")
    return int(text)


async def _json_object(request: Request) -> dict[str, object]:
    # Also keeps out forms of other sites: a browser sends no JSON across origins unasked.
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the to-do as application/json."
        )
    try:
        body = json.loads(await _limited_body(request))
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return body


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body exceeds {LARGEST_BODY} bytes."
            )
    return bytes(body)
