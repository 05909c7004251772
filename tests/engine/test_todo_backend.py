"""The public TodoBackend contract (https://todobackend.com), against the whole application.

What its own test suite expects of a service, in the same order and by the same means: a browser of
another site that knows the root's address and follows `url`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx2
import pytest

from tests.engine.app_process import AppProcess, running_app

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

pytestmark = pytest.mark.engine

SITE: Final = "https://www.todobackend.example"


class Browser:
    """Asks as a page of another site may: simple requests at once, others after a preflight."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def __call__(self, method: str, url: str, data: object = None) -> httpx2.Response:
        headers = {"Origin": SITE}
        content = b""
        if data is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(data).encode()
        if method != "GET" or data is not None:
            self._ask_first(method, url, data is not None)
        response = self._client.request(method, url, content=content, headers=headers)
        assert response.headers["Access-Control-Allow-Origin"] in ("*", SITE)
        response.raise_for_status()
        return response

    def json(self, method: str, url: str, data: object = None) -> Any:  # noqa: ANN401
        return self(method, url, data).json()

    def _ask_first(self, method: str, url: str, has_body: bool) -> None:
        asked = {"Origin": SITE, "Access-Control-Request-Method": method}
        if has_body:
            asked["Access-Control-Request-Headers"] = "content-type"
        answer = self._client.options(url, headers=asked)
        answer.raise_for_status()
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", SITE)
        assert method in answer.headers["Access-Control-Allow-Methods"]
        assert not has_body or "content-type" in (
            answer.headers["Access-Control-Allow-Headers"].lower()
        )


@pytest.fixture(scope="module")
def app(
    mysql_server: MySQLServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    with running_app(mysql_server, tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def browser(app: AppProcess) -> Iterator[Browser]:
    with httpx2.Client(base_url=app.url, timeout=30) as client:
        yield Browser(client)


@pytest.fixture
def root(browser: Browser) -> str:
    """What the contract calls the root: where a list's to-dos are."""
    address: str = browser.json("POST", "/api/lists")["todos"]
    return address


def add(browser: Browser, root: str, **fields: object) -> dict[str, Any]:
    todo: dict[str, Any] = browser.json("POST", root, {"title": "blah", **fields})
    return todo


class TestTheRoot:
    def test_answers_other_sites(self, browser: Browser, root: str) -> None:
        assert browser("GET", root).headers["Content-Type"] == "application/json"

    def test_answers_a_new_todo_with_the_todo(self, browser: Browser, root: str) -> None:
        assert browser.json("POST", root, {"title": "a to-do"})["title"] == "a to-do"

    def test_can_be_emptied(self, browser: Browser, root: str) -> None:
        add(browser, root)
        browser("DELETE", root)
        assert browser.json("GET", root) == []


class TestANewTodo:
    def test_is_in_the_list(self, browser: Browser, root: str) -> None:
        add(browser, root, title="walk the dog")
        (todo,) = browser.json("GET", root)
        assert todo["title"] == "walk the dog"

    def test_is_not_completed(self, browser: Browser, root: str) -> None:
        assert add(browser, root)["completed"] is False
        assert browser.json("GET", root)[0]["completed"] is False

    def test_may_be_completed_all_the_same(self, browser: Browser, root: str) -> None:
        assert add(browser, root, completed=True)["completed"] is True

    def test_says_where_it_is(self, browser: Browser, root: str) -> None:
        url = add(browser, root)["url"]
        assert url.startswith("http://")
        assert browser.json("GET", root)[0]["url"] == url

    def test_is_where_it_says(self, browser: Browser, root: str) -> None:
        todo = add(browser, root, title="my to-do")
        assert browser.json("GET", todo["url"]) == todo


class TestAnExistingTodo:
    def test_is_reached_from_the_list(self, browser: Browser, root: str) -> None:
        titles = {add(browser, root, title=title)["title"] for title in ("first", "second")}
        todos = browser.json("GET", root)
        assert {browser.json("GET", todo["url"])["title"] for todo in todos} == titles

    @pytest.mark.parametrize(
        "change", [{"title": "bathe the cat"}, {"completed": True}, {"order": 95}]
    )
    def test_can_be_changed(self, browser: Browser, root: str, change: dict[str, object]) -> None:
        todo = add(browser, root, order=10)
        assert browser.json("PATCH", todo["url"], change) == {**todo, **change}

    def test_stays_changed(self, browser: Browser, root: str) -> None:
        todo = add(browser, root)
        change = {"title": "another title", "completed": True}
        changed = browser.json("PATCH", todo["url"], change)
        assert browser.json("GET", changed["url"]) == {**todo, **change}
        assert browser.json("GET", root) == [{**todo, **change}]

    def test_can_be_deleted(self, browser: Browser, root: str) -> None:
        browser("DELETE", add(browser, root)["url"])
        assert browser.json("GET", root) == []


class TestOrder:
    def test_can_be_given(self, browser: Browser, root: str) -> None:
        assert add(browser, root, order=523)["order"] == 523

    def test_is_remembered(self, browser: Browser, root: str) -> None:
        url = add(browser, root, order=10)["url"]
        browser("PATCH", url, {"order": 95})
        assert browser.json("GET", url)["order"] == 95

    def test_is_the_lists_order(self, browser: Browser, root: str) -> None:
        for title, order in (("c", 3), ("a", 1), ("b", 2)):
            add(browser, root, title=title, order=order)
        assert [todo["title"] for todo in browser.json("GET", root)] == ["a", "b", "c"]


def test_metrics_are_on_a_port_of_their_own_and_know_the_database(app: AppProcess) -> None:
    assert httpx2.get(f"{app.url}/readyz").status_code == 200
    metrics = httpx2.get(f"http://{app.host}:{app.metrics_port}/metrics").text
    assert 'todo_http_requests_total{method="GET",route="/readyz",status="200"}' in metrics
    assert "todo_database_connections_most 8.0" in metrics
    assert httpx2.get(f"{app.url}/metrics").status_code == 404
