"""Who is told to come back later, and what is told of it."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import pytest

from tests.app.served import HTTP, Served, raw_exchange
from tests.app.test_metrics import counts

if TYPE_CHECKING:
    import httpx2

LIST = "a" * 32
TODOS = f"/api/lists/{LIST}/todos"
REFUSED = b"HTTP/1.1 503 Service Unavailable"
LAST = "Host: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
def shut(served: Served) -> Served:
    served.shut = True
    return served


@pytest.mark.parametrize("path", ["/", f"/lists/{LIST}", "/static/app.js", TODOS, "/nothing"])
def test_a_shut_door_tells_everybody_when_to_come_back(
    shut: Served, client: httpx2.Client, path: str
) -> None:
    response = client.get(path, headers={"X-Request-Id": "mine"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Request-Id"] == "mine"
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )
    assert ("Access-Control-Allow-Origin" in response.headers) == path.startswith("/api/")
    assert response.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "There are too many requests at the moment. Please try again.",
        "request_id": "mine",
    }
    shut.shut = False
    assert client.get(path).status_code != 503


def test_balancers_see_nothing_of_it(shut: Served, client: httpx2.Client) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path).status_code == 200
    assert shut.store.lists == {}


def test_nothing_of_a_refused_request_happens(shut: Served, client: httpx2.Client) -> None:
    assert client.post(TODOS, json={"title": "x"}).status_code == 503
    assert client.delete(TODOS).status_code == 503
    shut.shut = False
    assert client.get(TODOS).json() == []


def test_a_refused_body_leaves_a_usable_connection(shut: Served) -> None:
    body = b'{"title":"x"}'
    head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    post = f"POST {TODOS} HTTP/1.1\r\n{head}".encode() + body
    answers = raw_exchange(shut, post + post + f"GET /healthz HTTP/1.1\r\n{LAST}".encode())
    assert answers.count(REFUSED) == 2
    assert answers.count(b"HTTP/1.1 200 OK") == 1
    assert answers.lower().count(b"connection: close") == 1


def test_a_body_that_does_not_come_ends_the_connection(
    shut: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo_app.rsgi._BODY_SECONDS", 0.05)
    answer = raw_exchange(shut, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nnot")
    assert answer.startswith(REFUSED)
    assert b"connection: close" in answer.lower()


def test_a_server_that_stops_sends_the_refused_elsewhere(
    shut: Served, client: httpx2.Client
) -> None:
    assert "Connection" not in client.get(TODOS).headers
    shut.health.draining = True
    assert client.get(TODOS).headers["Connection"] == "close"


def test_refusals_are_told_of_in_sum(
    shut: Served, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "todo_app.door")
    for _ in range(7):
        client.get(TODOS)
    assert shut.log() == ""
    assert counts(shut.metrics) == {("", "", "503"): 7}
    told = [getattr(record, "fields", None) for record in caplog.records]
    # One a second.
    assert sum(fields["refused"] for fields in told if fields) == 7
    assert "7 requests refused" in caplog.text or len(told) > 1
    caplog.clear()
    shut.log()
    assert caplog.text == ""


def test_a_client_that_leaves_is_no_error(
    shut: Served, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        with socket.create_connection((HTTP.host, shut.port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    assert client.get("/healthz").status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
