"""A request to add a to-do that is sent again because its answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2

LIST = "a" * 32
TODOS = f"/api/lists/{LIST}/todos"
OTHER_TODOS = f"/api/lists/{'b' * 32}/todos"
TODO = {"title": "x", "completed": True, "order": 3}


def post(
    client: httpx2.Client, key: str | bytes, body: object = TODO, path: str = TODOS
) -> httpx2.Response:
    return client.post(path, json=body, headers={b"Idempotency-Key": _bytes(key)})


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def test_a_repeated_request_gets_the_same_answer_and_adds_nothing(client: httpx2.Client) -> None:
    first, second = post(client, "key"), post(client, "key")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    for name in ("Location", "ETag"):
        assert first.headers[name] == second.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert client.get(TODOS).json() == [first.json()]


def test_without_a_key_every_request_adds_a_todo(client: httpx2.Client) -> None:
    assert client.post(TODOS, json=TODO).json() != client.post(TODOS, json=TODO).json()
    assert len(client.get(TODOS).json()) == 2


def test_the_same_todo_may_be_spelt_in_another_way(client: httpx2.Client) -> None:
    first = post(client, "key", {"title": "x"})
    again = post(client, "key", {"completed": False, "title": " x "})
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    "other", [{**TODO, "title": "y"}, {**TODO, "completed": False}, {**TODO, "order": 4}]
)
def test_a_key_is_for_one_todo_only(client: httpx2.Client, other: object) -> None:
    post(client, "key")
    response = post(client, "key", other)
    assert response.status_code == 422
    assert "Idempotency-Key" in response.json()["detail"]
    assert len(client.get(TODOS).json()) == 1


def test_a_request_that_was_refused_leaves_its_key_unused(client: httpx2.Client) -> None:
    assert post(client, "key", {"title": ""}).status_code == 422
    response = post(client, "key")
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers


def test_lists_and_keys_know_nothing_of_each_other(client: httpx2.Client) -> None:
    answers = [post(client, "key"), post(client, "Key"), post(client, "key", path=OTHER_TODOS)]
    assert {response.status_code for response in answers} == {201}
    assert len({response.json()["url"] for response in answers}) == 3


def test_a_repeat_does_not_bring_back_what_was_changed_or_deleted(client: httpx2.Client) -> None:
    first = post(client, "key")
    client.delete(first.json()["url"])
    assert post(client, "key").json() == first.json()
    assert client.get(TODOS).json() == []


@pytest.mark.parametrize("key", ["k", "~" * 255, '"quoted"', "8e03978e-40d5-43e8-bc93-68"])
def test_takes_every_visible_key(client: httpx2.Client, key: str) -> None:
    assert post(client, key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "schlüssel", b"\xff", "a\tb"])
def test_refuses_other_keys(client: httpx2.Client, key: str | bytes) -> None:
    response = post(client, key)
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert client.get(TODOS).json() == []
