from __future__ import annotations

import json
import logging
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from todo_app.logs import JsonFormatter
from todo_app.migrations import EXPECTED_VERSION

if TYPE_CHECKING:
    from tests.app.conftest import InMemoryTodoStore, Schema


class Page(HTMLParser):
    """Collects what the content security policy is about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.links: list[str] = []
        self._script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self._script = tag == "script"
        self.links += [names[name] or "" for name in ("src", "href") if name in names]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.inline.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)
        self._script = False


def test_the_page_has_nothing_inline(client: TestClient) -> None:
    assert Page(client.get("/").text).inline == []


def test_the_page_works_below_a_path_prefix(client: TestClient) -> None:
    links = Page(client.get("/").text).links
    assert {"static/app.js", "static/style.css"} <= set(links)
    for link in links:
        assert not link.startswith(("/", "http:", "https:"))
        assert client.get(link).status_code == 200
    assert '"/api' not in client.get("static/app.js").text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/static/app.js", "text/javascript"),
        ("/static/style.css", "text/css"),
        ("/static/icon.svg", "image/svg+xml"),
    ],
)
def test_browsers_are_told_what_each_file_is(client: TestClient, path: str, kind: str) -> None:
    assert client.get(path).headers["Content-Type"].partition(";")[0] == kind


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py"])
def test_serves_nothing_but_static_files(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/todos", "/nothing", "/readyz"])
def test_every_answer_carries_the_security_headers(
    client: TestClient, store: InMemoryTodoStore, path: str
) -> None:
    if path == "/api/todos":
        store.failure = RuntimeError("a fault of ours")
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_fault_of_ours_is_logged_with_its_traceback_and_not_shown(
    client: TestClient, store: InMemoryTodoStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.failure = RuntimeError("secret detail")
    response = client.get("/api/todos", headers={"X-Request-Id": "abc-1"})
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert response.json()["request_id"] == "abc-1"
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "RuntimeError: secret detail" in json.loads(JsonFormatter().format(record))["exception"]


def test_every_request_has_an_id_and_a_log_line(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = client.get("/api/todos/7")
    (record,) = [r for r in caplog.records if r.name == "todo_app.request_log"]
    line = json.loads(JsonFormatter().format(record))
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/todos/7", 404)
    assert len(response.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("given", ["", "x" * 129, 'a"b', "a b"])
def test_an_id_that_could_forge_log_lines_is_replaced(client: TestClient, given: str) -> None:
    assert client.get("/", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given


def test_health_checks_that_succeed_stay_out_of_the_log(
    client: TestClient, schema: Schema, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.get("/healthz")
    client.get("/readyz")
    assert not [r for r in caplog.records if r.name == "todo_app.request_log"]
    schema.version = None
    client.get("/readyz")
    assert [r for r in caplog.records if r.name == "todo_app.request_log"]


@pytest.mark.parametrize(
    ("version", "ready"),
    [(None, 503), (0, 503), (EXPECTED_VERSION, 200), (EXPECTED_VERSION + 1, 200)],
    ids=["no database", "not migrated", "migrated", "migrated by the next release"],
)
def test_is_ready_only_with_a_database_and_its_schema(
    client: TestClient, schema: Schema, version: int | None, ready: int
) -> None:
    schema.version = version
    assert client.get("/readyz").status_code == ready
    assert client.get("/healthz").status_code == 200
