"""The JSON interface under `/api`: the public TodoBackend contract, for each list.

https://todobackend.com/ ; `openapi.py` describes it.
"""

import base64
import hashlib
import re
import secrets
import struct
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from todo_app.rsgi import Headers, HTTPError, Request, Response, Router, json_response
from todo_app.store import Cursor, TodoStore
from todo_app.todo import Todo, parse_changes, parse_completion, parse_new_todo

__all__ = ["LARGEST_PAGE", "TodoApi", "list_bytes"]

LARGEST_PAGE: Final = 1000
"""To-dos in one answer; a `Link` header leads to the next."""

_COLLECTION: Final = "/api/lists/{list}/todos"
_ITEM: Final = "/api/lists/{list}/todos/{todo}"

_LIST: Final = re.compile(r"[0-9a-f]{32}")
# 18 digits always fit a BIGINT.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_TAG: Final = re.compile(r'"([0-9]{1,10})"')
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CURSOR: Final = struct.Struct(">qQ")
# 16 bytes in base64, without the padding; the last digit has two bits of them.
_CURSOR_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


class _View(msgspec.Struct, gc=False):
    """A to-do as clients see it."""

    id: int
    title: str
    completed: bool
    order: int
    url: str


def list_bytes(text: str) -> bytes:
    """Return the 16 bytes that name a list.

    Raises:
        HTTPError: 404 if no list can have this name.
    """
    if not _LIST.fullmatch(text):
        raise HTTPError(HTTPStatus.NOT_FOUND, "There is no such list.")
    return bytes.fromhex(text)


class TodoApi:
    """Translates between HTTP and a `TodoStore`."""

    def __init__(self, store: TodoStore) -> None:
        self._store = store

    def add_routes(self, router: Router) -> None:
        """Route what this interface answers."""
        router.add("POST", "/api/lists", self.new_list)
        router.add("GET", _COLLECTION, self.page)
        router.add("POST", _COLLECTION, self.add)
        router.add("PATCH", _COLLECTION, self.complete_all)
        router.add("DELETE", _COLLECTION, self.clear)
        router.add("GET", _ITEM, self.get)
        router.add("PATCH", _ITEM, self.update)
        router.add("DELETE", _ITEM, self.delete)

    async def new_list(self, request: Request) -> Response:
        """Name a list that nobody else knows of."""
        list_id = secrets.token_hex(16)
        url = f"{request.origin}/api/lists/{list_id}/todos"
        created = {"id": list_id, "todos": url}
        return json_response(created, HTTPStatus.CREATED, (("location", url),))

    async def page(self, request: Request) -> Response:
        """Answer with to-dos in their order: `?after=CURSOR` continues, `?limit=N` shortens."""
        query = request.query("after", "limit")
        limit = _limit(query.get("limit"))
        after = _parse_cursor(query["after"]) if "after" in query else None
        # One more than asked for tells whether there is more.
        todos = await self._store.page(_list(request), after=after, limit=limit + 1)
        link: Headers = ()
        if len(todos) > limit:
            todos = todos[:limit]
            cursor = _cursor(todos[-1])
            link = (("link", f'<?after={cursor}&limit={limit}>; rel="next"'),)
        return _tagged(request, self._views(request, todos), link)

    async def add(self, request: Request) -> Response:
        """Add a to-do, once only for each `Idempotency-Key`."""
        key = _deciding_header(request, "idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            detail = "An Idempotency-Key has 1 to 255 visible ASCII characters."
            raise HTTPError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        base = _base(request)  # refused, if need be, before anything is changed
        new = parse_new_todo(await request.json_object())
        todo, replayed = await self._store.add(_list(request), new, key=key)
        view = _view(todo, base)
        headers: Headers = (("location", view.url), ("etag", f'"{todo.version}"'))
        if replayed:
            headers += (("idempotency-replayed", "true"),)
        return json_response(view, HTTPStatus.CREATED, headers)

    async def complete_all(self, request: Request) -> Response:
        """Complete or reopen the whole list, and answer with its first page."""
        request.query()
        _base(request)  # refused, if need be, before anything is changed
        list_id = _list(request)
        completed = parse_completion(await request.json_object())
        await self._store.complete_all(list_id, completed=completed)
        return await self.page(request)

    async def clear(self, request: Request) -> Response:
        """Delete the whole list, or with `?completed=true` what is completed of it."""
        query = request.query("completed")
        if query and query["completed"] != "true":
            raise HTTPError(HTTPStatus.BAD_REQUEST, "completed can only be true here.")
        await self._store.clear(_list(request), only_completed=bool(query))
        return _nothing()

    async def get(self, request: Request) -> Response:
        """Answer with one to-do."""
        return _item(request, await self._store.get(_list(request), _todo_id(request)))

    async def update(self, request: Request) -> Response:
        """Change a to-do; with `If-Match` only if nobody else has."""
        todo_id, version = _todo_id(request), _expected_version(request)
        _base(request)  # refused, if need be, before anything is changed
        changes = parse_changes(await request.json_object())
        todo = await self._store.update(_list(request), todo_id, changes, version=version)
        return _item(request, todo)

    async def delete(self, request: Request) -> Response:
        """Delete a to-do; with `If-Match` only if nobody has changed it."""
        todo_id, version = _todo_id(request), _expected_version(request)
        if not await self._store.delete(_list(request), todo_id, version=version):
            raise _no_such_todo()
        return _nothing()

    def _views(self, request: Request, todos: Iterable[Todo]) -> list[_View]:
        base = _base(request)
        # As `_view`, without a call for each.
        return [
            _View(todo.id, todo.title, todo.completed, todo.order, f"{base}{todo.id}")
            for todo in todos
        ]


def _view(todo: Todo, base: str) -> _View:
    return _View(todo.id, todo.title, todo.completed, todo.order, f"{base}{todo.id}")


def _base(request: Request) -> str:
    return f"{request.origin}/api/lists/{request.variables['list']}/todos/"


def _item(request: Request, todo: Todo | None) -> Response:
    if todo is None:
        raise _no_such_todo()
    tag = f'"{todo.version}"'
    if request.method in ("GET", "HEAD") and _is_known(request, tag):
        return _not_modified(tag)
    return json_response(_view(todo, _base(request)), headers=(("etag", tag),))


def _tagged(request: Request, views: Sequence[_View], headers: Headers) -> Response:
    """Answer with a collection, tagged by its content."""
    response = json_response(views, headers=headers)
    # Not a secret, and SHA-1 is what processors do fastest.
    tag = f'"{hashlib.sha1(response.body, usedforsecurity=False).hexdigest()}"'
    if request.method in ("GET", "HEAD") and _is_known(request, tag):
        return _not_modified(tag)
    response.headers += (("etag", tag),)
    return response


def _is_known(request: Request, tag: str) -> bool:
    known = request.header("if-none-match")
    if known is None:
        return False
    # Compared weakly, as RFC 9110 has it: a proxy that compresses may have marked the tag.
    return known == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}


def _not_modified(tag: str) -> Response:
    headers = (("etag", tag), ("cache-control", "no-store"))
    return Response(HTTPStatus.NOT_MODIFIED, headers=headers)


def _nothing() -> Response:
    return Response(HTTPStatus.NO_CONTENT, headers=(("cache-control", "no-store"),))


def _no_such_todo() -> HTTPError:
    return HTTPError(HTTPStatus.NOT_FOUND, "There is no such to-do (any more).")


def _list(request: Request) -> bytes:
    return list_bytes(request.variables["list"])


def _todo_id(request: Request) -> int:
    text = request.variables["todo"]
    if not _NUMBER.fullmatch(text):
        raise _no_such_todo()
    return int(text)


def _expected_version(request: Request) -> int | None:
    """The version that `If-Match` names; 0, which no to-do has, where it names no such thing."""
    text = _deciding_header(request, "if-match")
    if text is None or text == "*":
        return None
    match = _TAG.fullmatch(text)
    return int(match[1]) if match else 0


def _deciding_header(request: Request, name: str) -> str | None:
    """A header that must not be overlooked; the server has no text for one that is not ASCII."""
    value = request.header(name)
    return "" if value is None and name in request.headers else value


def _limit(text: str | None) -> int:
    if text is None:
        return LARGEST_PAGE
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_PAGE:
        detail = f"limit must be a whole number from 1 to {LARGEST_PAGE}."
        raise HTTPError(HTTPStatus.BAD_REQUEST, detail)
    return int(text)


def _cursor(todo: Todo) -> str:
    return base64.urlsafe_b64encode(_CURSOR.pack(todo.order, todo.id)).decode().rstrip("=")


def _parse_cursor(text: str) -> Cursor:
    if not _CURSOR_TEXT.fullmatch(text):
        detail = "after must be what a Link header of this list said."
        raise HTTPError(HTTPStatus.BAD_REQUEST, detail)
    return Cursor(*_CURSOR.unpack(base64.urlsafe_b64decode(f"{text}==")))
