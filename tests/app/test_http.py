"""What every request goes through, whatever it asks for."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.app.served import HTTP, Served, raw_exchange
from todo_app.database import DatabaseUnavailableError, SchemaMissingError
from todo_app.logs import JsonFormatter
from todo_app.rsgi import LARGEST_BODY

if TYPE_CHECKING:
    import httpx2

    from tests.app.served import InMemoryTodoStore

LIST = "a" * 32
TODOS = f"/api/lists/{LIST}/todos"
PAGE = f"/lists/{LIST}"
PROBLEM = "application/problem+json"
LAST = "Host: x\r\nConnection: close\r\n\r\n"

ANSWERS = [
    ("GET", "/", 303),
    ("GET", PAGE, 200),
    ("GET", "/lists/nothing", 404),
    ("GET", "/static/app.js", 200),
    ("GET", "/static/nothing", 404),
    ("GET", "/nothing", 404),
    ("PUT", "/", 405),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", TODOS, 200),
    ("POST", TODOS, 415),
    ("GET", f"{TODOS}/1", 404),
    ("DELETE", TODOS, 204),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/api/nothing", 404),
    ("OPTIONS", TODOS, 204),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_carries_the_security_headers(
    client: httpx2.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert ("script-src" in policy) == (response.headers.get("Content-Type", "")[:9] == "text/html")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    for name in ("Content-Security-Policy", "X-Frame-Options", "Content-Type", "X-Request-Id"):
        assert len(headers.get_list(name)) <= 1


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_only_the_api_is_open_to_other_origins(
    client: httpx2.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == status
    if path.startswith("/api/"):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Idempotency-Replayed", "Link", "Location", "Retry-After"} <= set(exposed)
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Set-Cookie" not in response.headers
    else:
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/api/lists", TODOS, f"{TODOS}/1", "/api/nothing"])
def test_browsers_may_ask_first(client: httpx2.Client, path: str) -> None:
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type, if-match",
    }
    response = client.options(path, headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {
        *("GET", "HEAD", "POST", "PATCH", "DELETE"),
    }
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"content-type", "if-match", "if-none-match", "idempotency-key"} <= set(allowed)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", PAGE, TODOS, "/static/style.css"])
def test_head_is_get_without_the_body(client: httpx2.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.content == b""
    assert head.status_code == got.status_code
    if got.content:
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert {*head.headers, "content-length"} == set(got.headers)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/lists", "POST"),
        ("PUT", TODOS, "DELETE, GET, HEAD, PATCH, POST"),
        ("POST", f"{TODOS}/1", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/healthz", "GET, HEAD"),
        ("TRACE", "/", "GET, HEAD"),
        ("OPTIONS", PAGE, "GET, HEAD"),
        ("get", TODOS, "DELETE, GET, HEAD, PATCH, POST"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_which_are(
    served: Served, method: str, path: str, allowed: str
) -> None:
    answer = raw_exchange(served, f"{method} {path} HTTP/1.1\r\n{LAST}".encode())
    head = answer.decode().splitlines()
    assert head[0] == "HTTP/1.1 405 Method Not Allowed"
    assert f"allow: {allowed}" in head


def test_a_fault_of_ours_is_logged_with_its_traceback_and_not_shown(
    client: httpx2.Client, store: InMemoryTodoStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.failure = RuntimeError("secret detail")
    response = client.get(TODOS, headers={"X-Request-Id": "abc-1"})
    assert (response.status_code, response.headers["Content-Type"]) == (500, PROBLEM)
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert response.json()["request_id"] == "abc-1"
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "RuntimeError: secret detail" in json.loads(JsonFormatter().format(record))["exception"]


def test_a_database_that_is_away_is_logged_by_name(
    client: httpx2.Client, store: InMemoryTodoStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.failure = DatabaseUnavailableError("db.internal:3306 did not answer in time")
    assert client.get(TODOS).status_code == 503
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert "db.internal:3306" in record.getMessage()


@pytest.mark.parametrize("given", ["abc-1", "A.b_c-9", "x" * 128])
def test_a_client_may_name_its_request(client: httpx2.Client, given: str) -> None:
    response = client.get("/api/nothing", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == response.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, 'a"b', "a b", "<script>", "a,b", "ü", "a\tb"])
def test_an_id_that_could_forge_log_lines_is_replaced(client: httpx2.Client, given: str) -> None:
    response = client.get("/api/nothing", headers={b"X-Request-Id": given.encode()})
    assert response.headers["X-Request-Id"] not in ("", given)
    assert response.headers["X-Request-Id"] == response.json()["request_id"]


def test_no_two_requests_share_an_id(client: httpx2.Client) -> None:
    ids = {client.get("/healthz").headers["X-Request-Id"] for _ in range(50)}
    assert len(ids) == 50


@pytest.mark.parametrize(
    ("failure", "ready"),
    [
        (None, 200),
        (DatabaseUnavailableError("away"), 503),
        (SchemaMissingError("not migrated"), 503),
        (RuntimeError("a fault of ours"), 500),
    ],
)
def test_is_ready_only_with_a_database_and_its_schema(
    served: Served, client: httpx2.Client, failure: Exception | None, ready: int
) -> None:
    served.database = failure
    assert client.get("/readyz").status_code == ready
    assert client.get("/healthz").status_code == 200


def test_a_database_that_goes_away_later_takes_no_server_out(
    served: Served, client: httpx2.Client
) -> None:
    served.database = DatabaseUnavailableError("not there yet")
    assert client.get("/readyz").status_code == 503
    served.database = None
    assert client.get("/readyz").status_code == 200
    served.database = DatabaseUnavailableError("away")
    assert client.get("/readyz").status_code == 200


def test_one_that_is_about_to_stop_says_so_and_serves_on(
    served: Served, client: httpx2.Client
) -> None:
    client.post(TODOS, json={"title": "x"})
    assert "Connection" not in client.get(TODOS).headers
    served.health.draining = True
    for path, status in (("/readyz", 503), ("/healthz", 200), (TODOS, 200), (PAGE, 200)):
        response = client.get(path)
        assert (response.status_code, response.headers["Connection"]) == (status, "close")
    assert client.delete(f"{TODOS}/1").headers["Connection"] == "close"
    assert client.get("/nothing").headers["Connection"] == "close"


def test_a_connection_is_hung_up_as_announced(served: Served) -> None:
    served.health.draining = True
    twice = f"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n{LAST}".encode()
    assert raw_exchange(served, twice).count(b"HTTP/1.1 200 OK") == 1
    served.health.draining = False
    assert raw_exchange(served, twice).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/nothing", 404),
        ("POST", "/healthz", 405),
        ("POST", "/api/lists", 201),
        ("POST", TODOS, 415),
        ("GET", TODOS, 200),
        ("DELETE", TODOS, 204),
        ("OPTIONS", TODOS, 204),
    ],
)
def test_a_body_that_nobody_wants_does_not_cost_the_connection(
    served: Served, method: str, path: str, status: int
) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head.encode())
        served.log()  # the head has been there for a while before the body comes
        connection.sendall(b'{"title":"x"}')
        assert connection.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())
        connection.sendall(f"GET /healthz HTTP/1.1\r\n{LAST}".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_nobody_wants_and_that_is_too_large_is_not_waited_for(served: Served) -> None:
    head = f"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n"
    answer = raw_exchange(served, head.encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.js", "/static/%2e%2e/settings.py", "/static/..%2fsettings.py"),
        *("/static/", "/static/app.js%00", "/static//app.js", "/%73tatic/app.py"),
    ],
)
def test_serves_nothing_but_static_files(served: Served, path: str) -> None:
    answer = raw_exchange(served, f"GET {path} HTTP/1.1\r\n{LAST}".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_a_whole_address_is_no_way_around_the_host(served: Served) -> None:
    target = f"http://elsewhere.example{TODOS}"
    body = b'{"title":"x"}'
    head = (
        f"POST {target} HTTP/1.1\r\nHost: todo.example\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    answer = raw_exchange(served, head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert f"http://todo.example{TODOS}/1".encode() in answer
    assert b"elsewhere" not in answer


def test_answers_without_a_name_for_the_server_change_nothing(served: Served) -> None:
    head = f"PATCH {TODOS} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
    answer = raw_exchange(served, head.encode() + b'{"completed":true}')
    assert answer.startswith(b"HTTP/1.0 400 ")


def test_limits_are_off_where_they_are_not_wanted() -> None:
    with Served(replace(HTTP, rate_limit_per_second=0)) as served, served.client() as client:
        assert {client.get(TODOS).status_code for _ in range(300)} == {200}
