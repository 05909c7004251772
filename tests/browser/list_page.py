"""A list's page as people see it, and the table behind it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from playwright.sync_api import (
    APIResponse,
    Browser,
    BrowserContext,
    Locator,
    Page,
    Route,
    expect,
)

__all__ = ["ListPage", "Opener", "Table", "fetch"]


def fetch(route: Route, url: str | None = None) -> APIResponse:
    """Ask the server what the browser wanted to, so that a test may do as it likes with the answer.

    Browsers resolve *.localhost by themselves; what Playwright asks with does not.
    """
    parts = urlsplit(url or route.request.url)
    address = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
    return route.fetch(url=address, headers={**route.request.headers, "host": parts.netloc})


class Table(Protocol):
    """The to-dos of lists, past the application."""

    def insert(self, list_id: str, todos: Iterable[tuple[str, bool]]) -> None:
        """Put to-dos into a list, in this order."""

    def todos(self, list_id: str) -> list[tuple[str, bool]]:
        """Title and completed of a list's to-dos, in their order."""


@dataclass(frozen=True)
class ListPage:
    """One tab with a list in it."""

    page: Page
    list_id: str

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="New to-do")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".todo-list > li")

    @property
    def editor(self) -> Locator:
        return self.page.get_by_role("textbox", name="Title")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.page.get_by_text(title, exact=True))

    def toggle(self, title: str) -> Locator:
        return self.page.get_by_role("checkbox", name=title, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def add(self, *titles: str) -> None:
        """Type titles in, and wait until the server has them."""
        for title in titles:
            self.field.fill(title)
            with self.page.expect_response(lambda each: each.request.method == "POST"):
                self.field.press("Enter")

    def edit(self, title: str, into: str, *, key: str = "Enter") -> None:
        self.page.get_by_text(title, exact=True).dblclick()
        self.editor.fill(into)
        self.editor.press(key)

    def show(self, *titles: str) -> None:
        """Expect exactly these titles to be seen, in this order."""
        expect(self.rows.filter(visible=True).locator(".title")).to_have_text(list(titles))

    def saved(self) -> None:
        """Wait until nothing is on its way."""
        expect(self.page.locator(".pending")).to_have_count(0)

    @contextmanager
    def answered(self, method: str) -> Iterator[None]:
        """Go on when a request of this method has been answered."""
        with self.page.expect_response(lambda each: each.request.method == method):
            yield


class Opener:
    """Opens lists in tabs, and notes what the browser complained about."""

    def __init__(self, browser: Browser, site: str) -> None:
        self._browser, self.site = browser, site
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def context(self, **options: object) -> BrowserContext:
        """A browser of its own, as on another device."""
        context = self._browser.new_context(**options)  # type: ignore[arg-type]
        self._contexts.append(context)
        return context

    def open(
        self,
        list_id: str | None = None,
        *,
        route: str = "",
        context: BrowserContext | None = None,
        **options: object,
    ) -> ListPage:
        """Open a list, or a new one."""
        page = (context or self.context(**options)).new_page()
        self.watch(page)
        list_id = list_id or secrets.token_hex(16)
        page.goto(f"{self.site}/lists/{list_id}{route}")
        return ListPage(page, list_id)

    def watch(self, page: Page) -> None:
        """Note what the browser complains about; that a request failed is the page's own matter."""
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

        def note(type_: str, text: str, url: str) -> None:
            if type_ in ("error", "warning") and "/api/" not in url:
                self.complaints.append(f"{text} ({url})")

        page.on("console", lambda it: note(it.type, it.text, it.location["url"]))

    def close(self) -> None:
        for context in self._contexts:
            context.close()
