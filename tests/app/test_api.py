from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from todo_app.api import LARGEST_BODY
from todo_app.database import DatabaseUnavailableError

if TYPE_CHECKING:
    from tests.app.conftest import InMemoryTodoStore

JSON = {"Content-Type": "application/json"}


def test_adds_reads_changes_and_deletes(client: TestClient) -> None:
    added = client.post("/api/todos", json={"title": "  Buy milk 🥛 "})
    assert (added.status_code, added.headers["Location"]) == (201, "todos/1")
    todo = {"id": 1, "title": "Buy milk 🥛", "completed": False}
    assert added.json() == todo
    assert client.get("/api/todos").json() == [todo]
    assert client.get("/api/todos/1").json() == todo

    changed = client.patch("/api/todos/1", json={"completed": True})
    assert changed.json() == todo | {"completed": True}
    changed = client.patch("/api/todos/1", json={"title": "Buy oat milk"})
    assert changed.json() == {"id": 1, "title": "Buy oat milk", "completed": True}

    assert client.delete("/api/todos/1").status_code == 204
    assert client.get("/api/todos").json() == []


def test_the_location_of_a_new_todo_leads_to_it(client: TestClient) -> None:
    added = client.post("/api/todos", json={"title": "x", "completed": True})
    found = client.get(added.url.join(added.headers["Location"]))
    assert found.json() == added.json()


def test_pages_lead_to_each_other(client: TestClient) -> None:
    for number in range(5):
        client.post("/api/todos", json={"title": str(number)})
    titles, url = [], "/api/todos?limit=2"
    while url:
        page = client.get(url)
        titles.append([todo["title"] for todo in page.json()])
        url = str(page.url.join(page.links["next"]["url"])) if "next" in page.links else ""
    assert titles == [["0", "1"], ["2", "3"], ["4"]]


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "after=1.5", "after=" + "9" * 5000])
def test_refuses_unusable_page_bounds(client: TestClient, query: str) -> None:
    response = client.get(f"/api/todos?{query}")
    assert response.status_code == 400
    assert response.json()["detail"].startswith(query.partition("=")[0])


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "title", "is missing"),
        ({"title": ""}, "title", "must not be empty"),
        ({"title": " \t "}, "title", "must not be empty"),
        ({"title": "x" * 256}, "title", "has 256 characters; 255 are allowed"),
        ({"title": None}, "title", "must be text"),
        ({"title": 7}, "title", "must be text"),
        ({"title": "two\nlines"}, "title", "one line"),
        ({"title": "\0 in it"}, "title", "control characters"),
        ({"title": "x", "completed": "yes"}, "completed", "must be true or false"),
        ({"title": "x", "completed": 1}, "completed", "must be true or false"),
        ({"title": "x", "owner": "me"}, "owner", "is not a field"),
    ],
)
def test_names_the_field_that_is_wrong(
    client: TestClient, store: InMemoryTodoStore, body: object, field: str, words: str
) -> None:
    response = client.post("/api/todos", json=body)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert words in error["detail"]
    assert store.todos == {}


def test_names_all_fields_that_are_wrong(client: TestClient) -> None:
    response = client.post("/api/todos", json={"completed": 1, "owner": "me"})
    assert {e["field"] for e in response.json()["errors"]} == {"title", "completed", "owner"}


def test_takes_255_characters_of_any_kind(client: TestClient) -> None:
    title = "🥛" * 255
    assert client.post("/api/todos", json={"title": title}).json()["title"] == title


def test_a_wrong_change_leaves_the_todo_as_it_was(client: TestClient) -> None:
    todo = client.post("/api/todos", json={"title": "x"}).json()
    assert client.patch("/api/todos/1", json={"completed": True, "title": " "}).status_code == 400
    assert client.get("/api/todos/1").json() == todo


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 10_000, b"9" * 5_000, b'{"title": "\\ud800"}', b"[]", b'"x"', b"1"],
    ids=lambda body: repr(body[:20]),
)
def test_refuses_what_is_no_json_object(client: TestClient, body: bytes) -> None:
    response = client.post("/api/todos", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_refuses_what_a_foreign_form_could_send(
    client: TestClient, store: InMemoryTodoStore, kind: str
) -> None:
    headers = {"Content-Type": kind}
    response = client.post("/api/todos", content=b'{"title": "x"}', headers=headers)
    assert response.status_code == 415
    assert store.todos == {}


def test_takes_json_with_a_charset(client: TestClient) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert client.post("/api/todos", content=b'{"title": "x"}', headers=headers).status_code == 201


def test_refuses_a_body_that_is_too_large(client: TestClient) -> None:
    body = json.dumps({"title": "x" * LARGEST_BODY}).encode()
    assert client.post("/api/todos", content=body, headers=JSON).status_code == 413


@pytest.mark.parametrize("todo_id", ["1", "0", "-1", "x", "1.0", "9" * 18, "9" * 5000, "٣"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_todo_that_is_not_there_is_not_found(
    client: TestClient, method: str, todo_id: str
) -> None:
    body = {"completed": True} if method == "PATCH" else None
    response = client.request(method, f"/api/todos/{todo_id}", json=body)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", "/api/todos", 405), ("GET", "/api/nothing", 404)]
)
def test_other_errors_are_problems_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/todos"),
        ("POST", "/api/todos"),
        ("GET", "/api/todos/1"),
        ("PATCH", "/api/todos/1"),
        ("DELETE", "/api/todos/1"),
    ],
)
def test_asks_to_try_again_while_the_database_is_away(
    client: TestClient, store: InMemoryTodoStore, method: str, path: str
) -> None:
    store.failure = DatabaseUnavailableError("db.internal:3306 did not answer in time")
    body = {"title": "x"} if method in ("POST", "PATCH") else None
    response = client.request(method, path, json=body)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "db.internal" not in response.text


def test_answers_are_never_cached(client: TestClient) -> None:
    assert client.get("/api/todos").headers["Cache-Control"] == "no-store"
    assert client.get("/api/todos/1").headers["Cache-Control"] == "no-store"
