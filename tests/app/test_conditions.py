"""Requests that depend on what the client has seen: `ETag`, `If-None-Match` and `If-Match`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2

TODOS = f"/api/lists/{'a' * 32}/todos"
TODO = f"{TODOS}/1"


@pytest.fixture(autouse=True)
def todo(client: httpx2.Client) -> dict[str, object]:
    added: dict[str, object] = client.post(TODOS, json={"title": "x", "order": 1}).json()
    return added


def tag(client: httpx2.Client, path: str = TODO) -> str:
    return str(client.get(path).headers["ETag"])


@pytest.mark.parametrize("path", [TODO, TODOS])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "more"', "*"])
def test_what_the_client_has_already_is_not_sent_again(
    client: httpx2.Client, path: str, form: str
) -> None:
    known = tag(client, path)
    for method in ("GET", "HEAD"):
        response = client.request(method, path, headers={"If-None-Match": form.format(known)})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == known


@pytest.mark.parametrize("path", [TODO, TODOS])
@pytest.mark.parametrize("other", ['"0"', "1", 'W/"2"', "", "nonsense", '"*"'])
def test_what_the_client_does_not_have_is_sent(
    client: httpx2.Client, path: str, other: str
) -> None:
    response = client.get(path, headers={"If-None-Match": other})
    assert response.status_code == 200
    assert response.content


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", TODO, {"title": "y"}),
        ("PATCH", TODO, {"completed": True}),
        ("PATCH", TODO, {"order": 2}),
        ("PATCH", TODOS, {"completed": True}),
    ],
)
def test_every_change_brings_a_new_tag(
    client: httpx2.Client, method: str, path: str, body: object
) -> None:
    before = tag(client), tag(client, TODOS)
    assert client.request(method, path, json=body).status_code == 200
    after = tag(client), tag(client, TODOS)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_what_comes_and_goes_brings_the_list_a_new_tag(client: httpx2.Client) -> None:
    one = tag(client, TODOS)
    client.post(TODOS, json={"title": "y"})
    two = tag(client, TODOS)
    client.delete(TODO)
    assert len({one, two, tag(client, TODOS)}) == 3


def test_a_change_that_changes_nothing_keeps_the_tag(
    client: httpx2.Client, todo: dict[str, object]
) -> None:
    before = tag(client)
    for body in ({}, {"title": todo["title"], "completed": False, "order": 1}):
        assert client.patch(TODO, json=body).headers["ETag"] == before


@pytest.mark.parametrize("form", ["{}", "*"])
def test_a_change_goes_through_while_nobody_else_has_made_one(
    client: httpx2.Client, form: str
) -> None:
    added = client.post(TODOS, json={"title": "y"})
    condition = {"If-Match": form.format(added.headers["ETag"])}
    changed = client.patch(added.json()["url"], json={"completed": True}, headers=condition)
    assert (changed.status_code, changed.json()["completed"]) == (200, True)
    condition = {"If-Match": form.format(changed.headers["ETag"])}
    assert client.delete(added.json()["url"], headers=condition).status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_to_what_somebody_else_has_changed_is_refused(
    client: httpx2.Client, method: str
) -> None:
    seen = {"If-Match": tag(client)}
    theirs = client.patch(TODO, json={"title": "theirs"}).json()
    body = {"title": "ours"} if method == "PATCH" else None
    response = client.request(method, TODO, json=body, headers=seen)
    assert response.status_code == 412
    assert response.headers["Content-Type"] == "application/problem+json"
    assert client.get(TODO).json() == theirs


@pytest.mark.parametrize(
    "condition", ['W/"1"', '"1', "1", "", "nonsense", '"-1"', '"01x"', f'"{"9" * 4000}"', '"٣"']
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_condition_that_names_no_version_is_never_met(
    client: httpx2.Client, method: str, condition: str, todo: dict[str, object]
) -> None:
    body = {"title": "ours"} if method == "PATCH" else None
    headers = {b"If-Match": condition.encode()}
    assert client.request(method, TODO, json=body, headers=headers).status_code == 412
    assert client.get(TODO).json() == todo


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_gone_is_not_found_whatever_the_condition(
    client: httpx2.Client, method: str
) -> None:
    seen = {"If-Match": tag(client)}
    client.delete(TODO)
    body = {"title": "ours"} if method == "PATCH" else None
    assert client.request(method, TODO, json=body, headers=seen).status_code == 404
