"""A real browser at the running system, through its load balancer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from local.browser import find_browser
from tests.browser.list_page import ListPage, Opener, Table
from tests.running_system import RunningSystem

# Nothing of ours is that slow: a machine may be, on which other tests run as well.
expect.set_options(timeout=30_000)


class _SystemTable:
    def __init__(self, system: RunningSystem) -> None:
        self._system = system

    def insert(self, list_id: str, todos: Iterable[tuple[str, bool]]) -> None:
        rows = [(bytes.fromhex(list_id), at, *todo) for at, todo in enumerate(todos)]
        with self._system.database() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO todos (list_id, position, title, completed) VALUES (%s, %s, %s, %s)",
                rows,
            )

    def todos(self, list_id: str) -> list[tuple[str, bool]]:
        with self._system.database() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT title, completed FROM todos WHERE list_id = %s ORDER BY position, id",
                (bytes.fromhex(list_id),),
            )
            return [(title, bool(completed)) for title, completed in cursor.fetchall()]


# Not for the session: as long as Playwright's loop runs, no test elsewhere can run one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            # The sandbox needs rights that containers and CI machines seldom have; the only site
            # visited is our own. The other two keep the browser from calling home.
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(system: RunningSystem) -> str:
    return f"http://{system.host}"


@pytest.fixture(scope="session")
def table(system: RunningSystem) -> Table:
    return _SystemTable(system)


@pytest.fixture
def opener(browser: Browser, site: str) -> Iterator[Opener]:
    """Opens lists; fails the test where the browser saw an error or a breach of our policy."""
    opener = Opener(browser, site)
    try:
        yield opener
    finally:
        opener.close()
    assert opener.complaints == []


@pytest.fixture
def todo(opener: Opener) -> ListPage:
    """A new list in a browser of its own."""
    return opener.open()
