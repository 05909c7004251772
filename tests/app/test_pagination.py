"""Long lists, a page at a time."""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from todo_app.api import LARGEST_PAGE
from todo_app.todo import Todo

if TYPE_CHECKING:
    import httpx2

    from tests.app.served import InMemoryTodoStore

LIST = "a" * 32
TODOS = f"/api/lists/{LIST}/todos"


def fill(client: httpx2.Client, titles: str, **fields: object) -> None:
    for number, title in enumerate(titles):
        client.post(TODOS, json={"title": title, "order": number * 10, **fields})


def page(client: httpx2.Client, url: str) -> tuple[str, str]:
    """Return a page's titles and the address of the next."""
    response = client.get(url)
    assert response.status_code == 200
    following = response.links.get("next", {}).get("url", "")
    address = str(response.url.join(following)) if following else ""
    return "".join(todo["title"] for todo in response.json()), address


def pages(client: httpx2.Client, url: str) -> list[str]:
    found = []
    while url:
        titles, url = page(client, url)
        found.append(titles)
    return found


def test_pages_lead_to_each_other(client: httpx2.Client) -> None:
    fill(client, "abcdefg")
    assert pages(client, f"{TODOS}?limit=3") == ["abc", "def", "g"]
    assert pages(client, f"{TODOS}?limit=1") == list("abcdefg")


def test_a_page_that_is_full_by_chance_is_the_last_all_the_same(client: httpx2.Client) -> None:
    fill(client, "abcd")
    assert pages(client, f"{TODOS}?limit=2") == ["ab", "cd"]
    assert pages(client, TODOS) == ["abcd"]


def test_pages_hold_todos_of_equal_order_once(client: httpx2.Client) -> None:
    fill(client, "abcde", order=7)
    assert pages(client, f"{TODOS}?limit=2") == ["ab", "cd", "e"]


def test_a_link_works_below_a_path_that_we_do_not_know(client: httpx2.Client) -> None:
    fill(client, "ab")
    link = client.get(f"{TODOS}?limit=1").headers["Link"]
    assert re.fullmatch(r'<\?after=[A-Za-z0-9_-]{22}&limit=1>; rel="next"', link)


def test_pages_stay_in_step_while_others_work_on_the_list(client: httpx2.Client) -> None:
    fill(client, "abcdef")
    first, following = page(client, f"{TODOS}?limit=2")
    client.post(TODOS, json={"title": "new", "order": -1})  # before what has been read
    client.delete(f"{TODOS}/2")  # the one that the next page starts after
    client.patch(f"{TODOS}/5", json={"order": 1000})  # to the end
    client.post(TODOS, json={"title": "X", "order": 25})  # right behind the next
    assert [first, *pages(client, following)] == ["ab", "cX", "df", "e"]


def test_the_largest_page_is_what_comes_without_a_limit(
    client: httpx2.Client, store: InMemoryTodoStore
) -> None:
    many = {n: Todo(n, "x", False, n, 1) for n in range(1, LARGEST_PAGE + 2)}
    store.lists[bytes.fromhex(LIST)] = many
    assert [len(titles) for titles in pages(client, TODOS)] == [LARGEST_PAGE, 1]
    assert [len(titles) for titles in pages(client, f"{TODOS}?limit=1000")] == [LARGEST_PAGE, 1]
    changed = client.patch(TODOS, json={"completed": True})
    assert len(changed.json()) == LARGEST_PAGE
    assert pages(client, str(changed.url.join(changed.links["next"]["url"]))) == ["x"]


@pytest.mark.parametrize(
    "limit", ["0", "-1", "1001", "x", "", "1.0", "1e2", " 1", "9" * 19, "٣", "9" * 1500]
)
def test_refuses_other_limits(client: httpx2.Client, limit: str) -> None:
    response = client.get(f"{TODOS}?limit={quote(limit)}")
    assert response.status_code == 400
    assert response.json()["detail"] == "limit must be a whole number from 1 to 1000."


def cursor(order: int, todo_id: int) -> str:
    packed = struct.pack(">qQ", order, todo_id)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        *("", "1", "A" * 21, "A" * 23, "A" * 21 + "B", "A" * 22 + "==", "A" * 22 + "\n"),
        *("ü" * 22, "+" * 22, "A" * 10 + " " * 11 + "A", "<script>" + "A" * 14),
    ],
)
def test_refuses_cursors_that_no_link_has(client: httpx2.Client, after: str) -> None:
    response = client.get(f"{TODOS}?after={quote(after)}")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("after must be what a Link header")


@pytest.mark.parametrize(("order", "todo_id"), [(-(2**63), 0), (2**63 - 1, 2**64 - 1), (0, 0)])
def test_a_made_up_cursor_is_a_place_like_any_other(
    client: httpx2.Client, order: int, todo_id: int
) -> None:
    client.post(TODOS, json={"title": "x", "order": 1})
    assert pages(client, f"{TODOS}?after={cursor(order, todo_id)}") == [
        "x" if order < 1 else "",
    ]


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "offset=1", "LIMIT=1", "limit", "&limit=1&limit=1", "x" * 3000]
)
def test_refuses_queries_that_it_does_not_understand(client: httpx2.Client, query: str) -> None:
    assert client.get(f"{TODOS}?{query}").status_code == 400


@pytest.mark.parametrize("query", ["limit=0", "after=x", "completed=true"])
def test_a_change_to_the_whole_list_takes_no_query(client: httpx2.Client, query: str) -> None:
    fill(client, "a")
    before = client.get(TODOS).json()
    assert client.patch(f"{TODOS}?{query}", json={"completed": True}).status_code == 400
    assert client.get(TODOS).json() == before
