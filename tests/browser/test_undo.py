"""Deleting is quick, so it can be taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

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


def test_what_could_not_be_deleted_is_not_said_to_be(three: ListPage) -> None:
    three.page.route("**/api/**/todos/*", lambda route: route.abort())
    three.toggle("milk").press("Delete")
    expect(three.button("Undo")).to_be_visible()
    expect(three.row("milk").get_by_role("group")).to_contain_text("Not deleted.")
    expect(three.button("Undo")).to_have_count(0)


@pytest.mark.parametrize("is_reached", [True, False])
def test_a_deletion_on_its_way_is_taken_back_too(
    three: ListPage, table: Table, is_reached: bool
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "DELETE" and not held:
            held.append(route)
        else:
            route.continue_()

    three.page.route("**/api/**", hold)
    three.toggle("bread").press("Delete")
    three.show("milk", "tea")
    three.button("Undo").click()
    three.show("milk", "bread", "tea")
    if is_reached:
        held[0].continue_()
    else:
        held[0].fulfill(status=503, headers={"Retry-After": "60"})
    three.saved()
    three.show("milk", "bread", "tea")
    expect(three.button("Retry")).to_have_count(0)
    assert [title for title, _ in table.todos(three.list_id)] == ["milk", "bread", "tea"]
