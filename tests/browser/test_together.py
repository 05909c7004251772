"""Several tabs and devices with the same list, and what happens when they disagree."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.browser.list_page import ListPage, Opener, Table, fetch

pytestmark = pytest.mark.browser

FAILED = re.compile(r"\bfailed\b")


def _is_get(route: Route) -> bool:
    return route.request.method == "GET"


def refresh(todo: ListPage) -> None:
    """What the browser does when somebody comes back to the tab."""
    todo.page.evaluate("dispatchEvent(new Event('focus'))")


@pytest.fixture
def here(todo: ListPage) -> ListPage:
    todo.add("milk", "bread")
    return todo


@pytest.fixture
def there(opener: Opener, here: ListPage) -> ListPage:
    """The same list on another device."""
    return opener.open(here.list_id)


def test_tabs_of_one_browser_tell_each_other(opener: Opener, here: ListPage) -> None:
    tab = opener.open(here.list_id, context=here.page.context)
    # Not from the server: this tab cannot ask it.
    tab.page.route("**/api/**", lambda route: route.abort())
    here.add("tea")
    tab.show("milk", "bread", "tea")
    here.toggle("milk").check()
    expect(tab.toggle("milk")).to_be_checked()
    here.edit("bread", "rye bread")
    tab.show("milk", "rye bread", "tea")
    here.button("Clear completed").click()
    tab.show("rye bread", "tea")
    here.page.get_by_role("checkbox", name="Mark all").check()
    expect(tab.page.locator(".todo-count")).to_have_text("0 items left")


def test_lists_do_not_hear_each_other(opener: Opener, here: ListPage) -> None:
    other = opener.open(context=here.page.context)
    # A refresh would put right what it had heard.
    other.page.route("**/api/**", lambda it: it.abort() if _is_get(it) else it.continue_())
    here.add("tea")
    other.add("cake")
    other.show("cake")


def test_devices_ask_every_few_seconds(here: ListPage, there: ListPage) -> None:
    here.add("tea")
    with here.answered("PATCH"):
        here.toggle("milk").check()
    here.row("bread").hover()
    here.button("Delete bread").click()
    expect(there.row("tea")).to_be_visible(timeout=20_000)
    there.show("milk", "tea")
    expect(there.toggle("milk")).to_be_checked()


def test_what_was_reopened_elsewhere_is_not_cleared(here: ListPage, there: ListPage) -> None:
    with here.answered("PATCH"):
        here.toggle("milk").check()
    refresh(there)
    expect(there.toggle("milk")).to_be_checked()
    here.page.route("**/api/**", lambda it: it.abort() if _is_get(it) else it.continue_())
    with there.answered("PATCH"):
        there.toggle("milk").uncheck()
    here.page.unroute("**/api/**")
    here.button("Clear completed").click()
    expect(here.toggle("milk")).not_to_be_checked()
    here.show("milk", "bread")
    here.button("Undo").click()
    here.show("milk", "bread")


def test_what_has_not_changed_is_not_sent_again(here: ListPage) -> None:
    statuses = []
    for _ in range(2):
        with here.page.expect_response(lambda each: each.request.method == "GET") as answer:
            refresh(here)
        statuses.append(answer.value.status)
        answer.value.finished()
    assert statuses == [200, 304]


def test_a_refresh_does_not_show_twice_what_is_being_added(here: ListPage) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            held.append((route, fetch(route)))
        else:
            route.continue_()

    here.page.route("**/api/**", hold_the_answer)
    here.field.fill("tea")
    here.field.press("Enter")
    while not held:  # the server has it, the page does not know
        here.page.wait_for_timeout(20)
    with here.page.expect_response(lambda each: each.request.method == "GET") as answer:
        refresh(here)
    assert "tea" in answer.value.text()
    here.toggle("milk").check()
    here.show("milk", "bread", "tea")
    route, response = held[0]
    route.fulfill(response=response)
    here.saved()
    here.show("milk", "bread", "tea")


def test_an_answer_from_before_does_not_undo_what_came_after(here: ListPage) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_answer(route: Route) -> None:
        if _is_get(route) and not held:
            held.append((route, fetch(route)))
        else:
            route.continue_()

    here.page.route("**/api/**", hold_the_answer)
    refresh(here)
    here.add("tea")
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    with here.answered("GET"):
        route, response = held[0]
        route.fulfill(response=response)
    here.toggle("bread").check()
    here.show("oat milk", "bread", "tea")


def test_an_open_editor_is_left_alone(here: ListPage, there: ListPage) -> None:
    there.page.get_by_text("milk", exact=True).dblclick()
    there.editor.fill("half a wo")
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    here.add("tea")
    refresh(there)
    expect(there.row("tea")).to_be_visible()
    expect(there.editor).to_have_value("half a wo")
    expect(there.editor).to_be_focused()
    there.editor.press("Escape")
    there.show("oat milk", "bread", "tea")


def test_what_changed_under_an_open_editor_is_not_overwritten(
    here: ListPage, there: ListPage, table: Table
) -> None:
    there.page.get_by_text("milk", exact=True).dblclick()
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    here.add("tea")
    refresh(there)
    expect(there.row("tea")).to_be_visible()
    there.editor.fill("soy milk")
    there.editor.press("Enter")
    expect(there.button("Keep mine")).to_be_visible()
    assert table.todos(here.list_id)[0] == ("oat milk", False)


@pytest.fixture
def contradicted(here: ListPage, there: ListPage) -> ListPage:
    """Both have given the same to-do another title; this is the one who came second."""
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    there.edit("milk", "soy milk")
    expect(there.row("soy milk").get_by_role("group")).to_contain_text(
        "Not saved. Changed elsewhere to “oat milk”."
    )
    return there


def test_the_second_title_can_replace_the_first(contradicted: ListPage, table: Table) -> None:
    with contradicted.answered("PATCH"):
        contradicted.button("Keep mine").click()
    contradicted.show("soy milk", "bread")
    expect(contradicted.rows.first).not_to_have_class(FAILED)
    assert table.todos(contradicted.list_id)[0] == ("soy milk", False)


def test_the_second_title_can_give_way(contradicted: ListPage, table: Table) -> None:
    contradicted.button("Take theirs").click()
    contradicted.show("oat milk", "bread")
    expect(contradicted.rows.first).not_to_have_class(FAILED)
    assert table.todos(contradicted.list_id)[0] == ("oat milk", False)


def test_a_conflict_is_not_decided_by_another_change(contradicted: ListPage, table: Table) -> None:
    with contradicted.answered("PATCH"):
        contradicted.toggle("soy milk").check()
    expect(contradicted.button("Take theirs")).to_be_visible()
    assert table.todos(contradicted.list_id)[0] == ("oat milk", False)


def test_a_conflict_is_not_decided_by_retrying_all(contradicted: ListPage, table: Table) -> None:
    contradicted.page.evaluate("dispatchEvent(new Event('online'))")
    contradicted.add("tea")
    expect(contradicted.button("Keep mine")).to_be_visible()
    assert table.todos(contradicted.list_id)[0] == ("oat milk", False)


def test_changes_that_do_not_contradict_are_both_kept(
    here: ListPage, there: ListPage, table: Table
) -> None:
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    there.toggle("milk").check()
    there.show("oat milk", "bread")
    there.saved()
    expect(there.toggle("oat milk")).to_be_checked()
    assert table.todos(here.list_id)[0] == ("oat milk", True)


def test_a_change_to_what_a_refresh_brought_is_checked_too(
    here: ListPage, there: ListPage, table: Table
) -> None:
    here.add("tea")
    refresh(there)
    expect(there.row("tea")).to_be_visible()
    with here.answered("PATCH"):
        here.edit("tea", "green tea")
    there.edit("tea", "black tea")
    expect(there.button("Keep mine")).to_be_visible()
    assert table.todos(here.list_id)[2] == ("green tea", False)


def test_an_edit_of_a_deleted_todo_can_add_it_again(
    here: ListPage, there: ListPage, table: Table
) -> None:
    here.row("milk").hover()
    with here.answered("DELETE"):
        here.button("Delete milk").click()
    there.edit("milk", "oat milk")
    expect(there.row("oat milk").get_by_role("group")).to_contain_text("Deleted elsewhere.")
    with there.answered("POST"):
        there.button("Add again").click()
    there.saved()
    there.show("oat milk", "bread")
    assert sorted(table.todos(here.list_id)) == [("bread", False), ("oat milk", False)]


def test_an_edit_of_a_deleted_todo_can_be_let_go(here: ListPage, there: ListPage) -> None:
    here.row("milk").hover()
    with here.answered("DELETE"):
        here.button("Delete milk").click()
    there.toggle("milk").check()
    there.button("Let it go").click()
    there.show("bread")


def test_deleting_what_has_changed_asks_first(
    here: ListPage, there: ListPage, table: Table
) -> None:
    with here.answered("PATCH"):
        here.edit("milk", "oat milk")
    there.row("milk").hover()
    there.button("Delete milk").click()
    expect(there.row("milk").get_by_role("group")).to_contain_text("Changed elsewhere")
    assert len(table.todos(here.list_id)) == 2
    with there.answered("DELETE"):
        there.button("Delete anyway").click()
    there.show("bread")
    assert table.todos(here.list_id) == [("bread", False)]
