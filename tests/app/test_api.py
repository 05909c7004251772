"""The JSON interface: to-dos, their fields, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.app.served import InMemoryTodoStore, Served, raw_exchange
from todo_app.database import DatabaseRefusedError, DatabaseUnavailableError
from todo_app.rsgi import LARGEST_BODY
from todo_app.todo import LARGEST_ORDER

if TYPE_CHECKING:
    import httpx2

LIST = "0123456789abcdef" * 2
OTHER = "f" * 32
TODOS = f"/api/lists/{LIST}/todos"
JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"

REQUESTS = [
    ("GET", TODOS),
    ("POST", TODOS),
    ("PATCH", TODOS),
    ("DELETE", TODOS),
    ("GET", f"{TODOS}/1"),
    ("PATCH", f"{TODOS}/1"),
    ("DELETE", f"{TODOS}/1"),
]
BODIES = {"POST": {"title": "x"}, "PATCH": {"completed": True}}


def add(client: httpx2.Client, title: str = "x", **fields: object) -> dict[str, object]:
    response = client.post(TODOS, json={"title": title, **fields})
    assert response.status_code == 201
    todo: dict[str, object] = response.json()
    return todo


def titles(client: httpx2.Client) -> list[str]:
    return [todo["title"] for todo in client.get(TODOS).json()]


def test_adds_reads_changes_and_deletes(client: httpx2.Client) -> None:
    added = client.post(TODOS, json={"title": "  Buy milk 🥛 ", "order": 5})
    todo = {"id": 1, "title": "Buy milk 🥛", "completed": False, "order": 5}
    todo["url"] = f"{client.base_url}{TODOS}/1"
    assert (added.status_code, added.json()) == (201, todo)
    assert added.headers["Location"] == todo["url"]
    assert client.get(TODOS).json() == [todo]
    assert client.get(todo["url"]).json() == todo

    changed = client.patch(todo["url"], json={"completed": True})
    assert changed.json() == todo | {"completed": True}
    changed = client.patch(todo["url"], json={"title": "Buy oat milk", "order": -1})
    assert changed.json() == todo | {"completed": True, "title": "Buy oat milk", "order": -1}

    deleted = client.delete(todo["url"])
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(TODOS).json() == []


def test_a_new_list_is_empty_and_nobody_elses(client: httpx2.Client) -> None:
    created = [client.post("/api/lists") for _ in range(100)]
    assert {response.status_code for response in created} == {201}
    assert len({response.json()["id"] for response in created}) == 100
    todos = created[0].json()["todos"]
    assert created[0].headers["Location"] == todos
    assert urlsplit(todos).path == f"/api/lists/{created[0].json()['id']}/todos"
    assert client.get(todos).json() == []


def test_a_todo_is_reached_through_its_own_list_only(client: httpx2.Client) -> None:
    add(client)
    theirs = f"/api/lists/{OTHER}/todos"
    assert client.get(theirs).json() == []
    for method, body in (("GET", None), ("PATCH", {"completed": True}), ("DELETE", None)):
        assert client.request(method, f"{theirs}/1", json=body).status_code == 404
    assert client.delete(theirs).status_code == 204
    assert client.patch(theirs, json={"completed": True}).json() == []
    assert client.get(f"{TODOS}/1").json()["completed"] is False


def test_todos_stand_by_order_and_then_by_age(client: httpx2.Client) -> None:
    for title, order in (("d", 7), ("a", -3), ("e", 7), ("b", 0), ("c", 0)):
        add(client, title, order=order)
    add(client, "f")  # without an order, a to-do goes to the end
    add(client, "g")
    assert titles(client) == list("abcdefg")


@pytest.mark.parametrize("order", [LARGEST_ORDER, -LARGEST_ORDER, 0])
def test_takes_every_order_that_json_clients_read_exactly(
    client: httpx2.Client, order: int
) -> None:
    assert add(client, order=order)["order"] == order


def test_a_whole_number_may_be_written_with_a_point(client: httpx2.Client) -> None:
    body = b'{"title": "x", "order": -2.50e2}'
    assert client.post(TODOS, content=body, headers=JSON).json()["order"] == -250


def test_completes_and_reopens_the_whole_list(client: httpx2.Client) -> None:
    add(client, "a", order=1, completed=True)
    add(client, "b", order=2)
    for completed in (True, False):
        response = client.patch(TODOS, json={"completed": completed})
        assert response.status_code == 200
        assert [todo["completed"] for todo in response.json()] == [completed, completed]
        assert response.json() == client.get(TODOS).json()
        assert response.headers["ETag"] == client.get(TODOS).headers["ETag"]


def test_deletes_what_is_completed_or_everything(client: httpx2.Client) -> None:
    add(client, "a", completed=True)
    add(client, "b")
    assert client.delete(TODOS, params={"completed": "true"}).status_code == 204
    assert titles(client) == ["b"]
    assert client.delete(TODOS).status_code == 204
    assert titles(client) == []
    assert client.delete(TODOS).status_code == 204


@pytest.mark.parametrize("query", ["completed=false", "completed=", "completed", "complete=true"])
def test_a_misspelt_wish_to_delete_some_deletes_none(client: httpx2.Client, query: str) -> None:
    add(client)
    assert client.delete(f"{TODOS}?{query}").status_code == 400
    assert titles(client) == ["x"]


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
        ({"title": "x", "completed": None}, "completed", "must be true or false"),
        ({"title": "x", "order": "1"}, "order", "whole number"),
        ({"title": "x", "order": 1.5}, "order", "whole number"),
        ({"title": "x", "order": True}, "order", "whole number"),
        ({"title": "x", "order": None}, "order", "whole number"),
        ({"title": "x", "order": LARGEST_ORDER + 1}, "order", "must be between"),
        ({"title": "x", "order": -LARGEST_ORDER - 1}, "order", "must be between"),
        ({"title": "x", "order": 10**40}, "order", "must be"),
        ({"title": "x", "order": 1e300}, "order", "must be between"),
        ({"title": "x", "owner": "me"}, "owner", "is not known here"),
    ],
)
def test_names_the_field_that_is_wrong(
    client: httpx2.Client, store: InMemoryTodoStore, body: object, field: str, words: str
) -> None:
    response = client.post(TODOS, json=body)
    assert response.status_code == 422
    assert response.headers["Content-Type"] == PROBLEM
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert words in error["detail"]
    assert not any(store.lists.values())


def test_names_all_fields_that_are_wrong(client: httpx2.Client) -> None:
    response = client.post(TODOS, json={"completed": 1, "owner": "me", "order": "first"})
    fields = {error["field"] for error in response.json()["errors"]}
    assert fields == {"title", "completed", "owner", "order"}


@pytest.mark.parametrize("body", [{}, {"completed": 1}, {"completed": True, "title": "x"}])
def test_a_whole_list_takes_nothing_but_its_completion(client: httpx2.Client, body: object) -> None:
    todo = add(client)
    assert client.patch(TODOS, json=body).status_code == 422
    assert client.get(TODOS).json() == [todo]


@pytest.mark.parametrize("field", ["id", "url", "version", "list"])
def test_nobody_chooses_what_the_service_decides(client: httpx2.Client, field: str) -> None:
    todo = add(client)
    assert client.patch(f"{TODOS}/1", json={field: 2}).status_code == 422
    assert client.get(f"{TODOS}/1").json() == todo


def test_takes_255_characters_of_any_kind(client: httpx2.Client) -> None:
    title = "🥛" * 255
    assert add(client, f"  {title}  ")["title"] == title


def test_a_wrong_change_leaves_the_todo_as_it_was(client: httpx2.Client) -> None:
    todo = add(client)
    assert client.patch(f"{TODOS}/1", json={"completed": True, "title": " "}).status_code == 422
    assert client.get(f"{TODOS}/1").json() == todo


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 10_000, b"9" * 5_000, b'{"title": "\\ud800"}', b"[]", b'"x"', b"1"],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize(("method", "path"), [("POST", TODOS), ("PATCH", f"{TODOS}/1")])
def test_refuses_what_is_no_json_object(
    client: httpx2.Client, method: str, path: str, body: bytes
) -> None:
    response = client.request(method, path, content=body, headers=JSON)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_refuses_what_a_foreign_form_could_send(
    client: httpx2.Client, store: InMemoryTodoStore, kind: str
) -> None:
    response = client.post(TODOS, content=b'{"title": "x"}', headers={"Content-Type": kind})
    assert response.status_code == 415
    assert not any(store.lists.values())


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_takes_json_however_it_is_spelt(client: httpx2.Client, kind: str) -> None:
    headers = {"Content-Type": kind}
    assert client.post(TODOS, content=b'{"title": "x"}', headers=headers).status_code == 201


def test_takes_a_body_of_the_largest_size(client: httpx2.Client) -> None:
    body = json.dumps({"title": "x"}).encode().ljust(LARGEST_BODY)
    assert client.post(TODOS, content=body, headers=JSON).status_code == 201


def test_refuses_a_larger_body_without_reading_it(served: Served) -> None:
    head = f"POST {TODOS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = raw_exchange(served, f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer  # the body may still be on its way


def test_refuses_a_larger_body_that_does_not_say_how_large_it_is(
    client: httpx2.Client, store: InMemoryTodoStore
) -> None:
    chunks = (b"x" * 1024 for _ in range(LARGEST_BODY // 1024 + 1))
    response = client.post(TODOS, content=chunks, headers=JSON)
    assert (response.status_code, response.headers["Connection"]) == (413, "close")
    assert not any(store.lists.values())


@pytest.mark.parametrize("todo_id", ["1", "0", "-1", "x", "1.0", "9" * 18, "9" * 5000, "٣", ""])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_todo_that_is_not_there_is_not_found(
    client: httpx2.Client, method: str, todo_id: str
) -> None:
    response = client.request(method, f"{TODOS}/{todo_id}", json=BODIES.get(method))
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    "name", [LIST[:-1], f"{LIST}0", LIST.upper(), "g" * 32, "0x" + LIST[2:], f"{LIST[:-2]}٣٣", ""]
)
def test_a_list_that_cannot_be_is_not_found(client: httpx2.Client, name: str) -> None:
    for method, path in REQUESTS:
        response = client.request(method, path.replace(LIST, name), json=BODIES.get(method))
        assert response.status_code == 404
        assert response.headers["Content-Type"] == PROBLEM


def test_deleting_twice_says_that_nothing_was_left(client: httpx2.Client) -> None:
    add(client)
    assert client.delete(f"{TODOS}/1").status_code == 204
    assert client.delete(f"{TODOS}/1").status_code == 404


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (DatabaseUnavailableError("db.internal:3306 did not answer in time"), "db.internal"),
        (DatabaseRefusedError("db.internal:3306 refuses our account: todo"), "todo"),
    ],
    ids=["away", "refused"],
)
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_asks_to_try_again_while_the_database_is_away(
    client: httpx2.Client,
    store: InMemoryTodoStore,
    method: str,
    path: str,
    failure: Exception,
    words: str,
) -> None:
    store.failure = failure
    response = client.request(method, path, json=BODIES.get(method))
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert words not in response.json()["detail"]
    assert "db.internal" not in response.text


def test_answers_are_never_kept(client: httpx2.Client) -> None:
    add(client)
    for path in (TODOS, f"{TODOS}/1", f"{TODOS}/2"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Host": "todo.example"}, "http://todo.example"),
        ({"Host": "todo.example:8080"}, "http://todo.example:8080"),
        ({"Host": "[2001:db8::1]:80"}, "http://[2001:db8::1]:80"),
        ({"Host": "todo.example", "X-Forwarded-Proto": "https"}, "https://todo.example"),
        ({"Host": "todo.example", "X-Forwarded-Proto": "javascript"}, "http://todo.example"),
    ],
)
def test_links_lead_to_where_the_client_sees_us(
    client: httpx2.Client, headers: dict[str, str], origin: str
) -> None:
    added = client.post(TODOS, json={"title": "x"}, headers=headers)
    assert added.json()["url"] == added.headers["Location"] == f"{origin}{TODOS}/1"
    assert client.get(TODOS, headers=headers).json()[0]["url"] == f"{origin}{TODOS}/1"
    created = client.post("/api/lists", headers=headers)
    assert created.headers["Location"].startswith(f"{origin}/api/lists/")


@pytest.mark.parametrize("host", ["", "a b", "<script>", 'x"', "x/..", "x@y", "x" * 254, "x:port"])
@pytest.mark.parametrize(("method", "path"), [r for r in REQUESTS if r[0] != "DELETE"])
def test_a_host_that_could_not_be_in_a_link_changes_nothing(
    client: httpx2.Client, method: str, path: str, host: str
) -> None:
    todo = add(client)
    body = {"title": "y"} if path.endswith("/1") else BODIES.get(method)
    response = client.request(method, path, json=body, headers={"Host": host})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == PROBLEM
    assert client.get(TODOS).json() == [todo]
