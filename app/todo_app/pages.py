"""What browsers open: the way to a list, its page, and the files that the page is made of."""

import re
import secrets
from http import HTTPStatus
from typing import Final

from todo_app import page
from todo_app.api import LARGEST_PAGE, list_bytes
from todo_app.rsgi import Headers, HTTPError, Request, Response, Router
from todo_app.store import TodoStore

__all__ = ["Pages"]

_COOKIE: Final = re.compile(r"(?:^|;\s*)list=([0-9a-f]{32})(?:;|$)")
_A_YEAR: Final = 365 * 24 * 3600

_POLICY: Final = (
    # Scripts, styles and requests from this origin only; nothing inline, nothing framed.
    (
        "content-security-policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)
# Over plain HTTP browsers ignore it, and say so in their console.
_HTTPS_ONLY: Final = (("cross-origin-opener-policy", "same-origin"),)


class Pages:
    """Answers browsers."""

    def __init__(self, store: TodoStore) -> None:
        self._store = store
        self._assets = page.assets()

    def add_routes(self, router: Router) -> None:
        """Route what browsers open."""
        router.add("GET", "/", self.home)
        router.add("GET", "/lists/{list}", self.list_page)
        router.add("GET", "/static/{file}", self.asset)

    async def home(self, request: Request) -> Response:
        """Lead to the list that this browser had last, or with `?new` or at first to a new one."""
        fresh = "new" in request.query("new")
        last = None if fresh else _COOKIE.search(request.header("cookie") or "")
        list_id = last[1] if last else secrets.token_hex(16)
        # Relative, because a proxy may show us under a path we do not know.
        headers = (("location", f"lists/{list_id}"), ("cache-control", "no-store"))
        return Response(HTTPStatus.SEE_OTHER, headers=headers)

    async def list_page(self, request: Request) -> Response:
        """Answer with a list's page, to-dos included."""
        text = request.variables["list"]
        todos = await self._store.page(list_bytes(text), after=None, limit=LARGEST_PAGE + 1)
        html = page.render(
            list_id=text, todos=todos[:LARGEST_PAGE], has_more=len(todos) > LARGEST_PAGE
        )
        headers = (
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("set-cookie", _cookie(request, text)),
        )
        policy = _POLICY + _HTTPS_ONLY if request.scheme == "https" else _POLICY
        return Response(HTTPStatus.OK, html.encode(), headers + policy)

    async def asset(self, request: Request) -> Response:
        """Answer with a file; under its own version's address browsers may keep it for good."""
        asset = self._assets.get(request.variables["file"])
        if asset is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "There is no such file.")
        current = request.query("v").get("v") == asset.version
        keep = f"public, max-age={_A_YEAR}, immutable" if current else "no-cache"
        tag = f'"{asset.version}"'
        headers: Headers = (
            ("content-type", asset.content_type),
            ("cache-control", keep),
            ("etag", tag),
            ("vary", "accept-encoding"),
        )
        if request.header("if-none-match") == tag:
            return Response(HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" in (request.header("accept-encoding") or ""):
            return Response(HTTPStatus.OK, asset.gzipped, (*headers, ("content-encoding", "gzip")))
        return Response(HTTPStatus.OK, asset.content, headers)


def _cookie(request: Request, list_id: str) -> str:
    secure = "; Secure" if request.scheme == "https" else ""
    return f"list={list_id}; Path=/; Max-Age={_A_YEAR}; HttpOnly; SameSite=Lax{secure}"
