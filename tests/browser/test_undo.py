"""Deleting is quick, so it can be taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.list_page import ListPage, Table

pytestmark = pytest.mark.browser


@pytest.fixture
def three(todo: ListPage) -> ListPage:
    todo.add("milk", "bread", "tea")
    return todo


def test_a_deleted_todo_comes_back_to_its_place(three: ListPage, table: Table) -> None:
    with three.answered("PATCH"):
        three.toggle("bread").check()
    with three.answered("DELETE"):
        three.toggle("bread").press("Delete")
    three.show("milk", "tea")
    with three.answered("POST"):
        three.button("Undo").click()
    three.show("milk", "bread", "tea")
    expect(three.button("Undo")).to_have_count(0)
    assert table.todos(three.list_id) == [("milk", False), ("bread", True), ("tea", False)]


def test_the_keyboard_takes_back_what_it_deleted(three: ListPage) -> None:
    with three.answered("DELETE"):
        three.toggle("milk").press("Delete")
    with three.answered("POST"):
        three.page.keyboard.press("ControlOrMeta+Z")
    three.show("milk", "bread", "tea")


def test_cleared_todos_come_back_together(three: ListPage, table: Table) -> None:
    with three.answered("PATCH"):
        three.page.get_by_role("checkbox", name="Mark all").check()
    three.saved()
    with three.answered("DELETE"):
        three.button("Clear completed").click()
    three.show()
    expect(three.page.get_by_role("status").filter(has_text="Deleted 3 to-dos.")).to_be_visible()
    three.button("Undo").click()
    three.show("milk", "bread", "tea")
    three.saved()
    assert table.todos(three.list_id) == [("milk", True), ("bread", True), ("tea", True)]


def test_what_could_not_be_deleted_is_not_added_again(three: ListPage, table: Table) -> None:
    three.page.route("**/api/**/todos/*", lambda route: route.abort())
    three.toggle("milk").press("Delete")
    expect(three.button("Retry")).to_be_visible()
    three.page.unroute("**/api/**/todos/*")
    three.button("Undo").click()
    three.show("milk", "bread", "tea")
    expect(three.button("Retry")).to_have_count(0)
    assert [title for title, _ in table.todos(three.list_id)] == ["milk", "bread", "tea"]
