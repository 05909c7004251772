"""What people see when the server does not do what they asked for, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.list_page import ListPage, Table, fetch

pytestmark = pytest.mark.browser

API = "**/api/**"
FAILED = re.compile(r"\bfailed\b")
PENDING = re.compile(r"\bpending\b")

Answer = Callable[[Route], None]


def _unreachable(route: Route) -> None:
    route.abort()


def _refused(status: int, body: str = "", **headers: str) -> Answer:
    return lambda route: route.fulfill(
        status=status,
        body=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def changes(page: Page, answer: Answer, *, times: int | None = None) -> list[str]:
    """Have changes answered like this from now on; the list grows by each method that came."""
    seen: list[str] = []

    def handle(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
            return
        seen.append(route.request.method)
        if times is None or len(seen) <= times:
            answer(route)
        else:
            route.continue_()

    page.route(API, handle)
    return seen


@pytest.fixture
def three(todo: ListPage) -> ListPage:
    todo.add("milk", "bread", "tea")
    todo.saved()
    return todo


def test_a_change_shows_at_once_and_as_pending(three: ListPage) -> None:
    held: list[Route] = []
    changes(three.page, held.append)
    three.toggle("milk").check()
    three.field.fill("cake")
    three.field.press("Enter")
    three.show("milk", "bread", "tea", "cake")
    expect(three.page.locator(".todo-count")).to_have_text("3 items left")
    expect(three.row("milk")).to_have_class(PENDING)
    expect(three.row("cake")).to_have_class(PENDING)
    expect(three.row("bread")).not_to_have_class(PENDING)
    for route in held:
        route.continue_()
    three.saved()


def test_an_add_that_fails_says_so_and_is_tried_again(three: ListPage, table: Table) -> None:
    tries = changes(three.page, _unreachable)
    three.field.fill("cake")
    three.field.press("Enter")
    row = three.row("cake")
    expect(row.get_by_role("group")).to_contain_text("Not saved. The server cannot be reached.")
    expect(three.page.get_by_role("alert")).to_have_text("1 change is not saved.")
    assert len(tries) == 3
    three.page.unroute(API)
    with three.answered("POST"):
        row.get_by_role("button", name="Retry").click()
    expect(row).not_to_have_class(FAILED)
    expect(three.page.get_by_role("alert")).to_have_text("")
    assert table.todos(three.list_id)[3:] == [("cake", False)]


def test_an_add_that_is_given_up_leaves_nothing(three: ListPage, table: Table) -> None:
    changes(three.page, _unreachable)
    three.field.fill("cake")
    three.field.press("Enter")
    three.row("cake").get_by_role("button", name="Discard").click()
    three.show("milk", "bread", "tea")
    assert len(table.todos(three.list_id)) == 3


def test_an_add_whose_answer_is_lost_is_there_once(three: ListPage, table: Table) -> None:
    def lose_the_answer(route: Route) -> None:
        fetch(route)
        route.abort()

    changes(three.page, lose_the_answer)
    three.field.fill("cake")
    three.field.press("Enter")
    expect(three.row("cake")).to_have_class(FAILED)
    # What is on the server shows up, as it would on any other device.
    three.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(three.row("cake")).to_have_count(2)
    three.page.unroute(API)
    three.button("Retry").click()
    three.show("milk", "bread", "tea", "cake")
    three.saved()
    assert table.todos(three.list_id)[3:] == [("cake", False)]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_trouble_is_sat_out(three: ListPage, table: Table, status: int) -> None:
    tries = changes(three.page, _refused(status, Retry_After="1"), times=2)
    three.toggle("milk").check()
    three.saved()
    expect(three.row("milk")).not_to_have_class(FAILED)
    assert len(tries) == 3
    assert table.todos(three.list_id)[0] == ("milk", True)


def test_a_server_that_wants_a_long_rest_gets_it(three: ListPage) -> None:
    tries = changes(three.page, _refused(503, Retry_After="60"))
    three.toggle("milk").check()
    expect(three.row("milk").get_by_role("group")).to_contain_text("The server is too busy.")
    assert len(tries) == 1


def test_a_refusal_is_shown_in_the_servers_words(three: ListPage, table: Table) -> None:
    tries = changes(
        three.page, _refused(422, '{"errors": [{"field": "title", "detail": "is <b>bold</b>"}]}')
    )
    three.edit("milk", "beer")
    group = three.row("beer").get_by_role("group")
    expect(group).to_contain_text("Not saved. The title is <b>bold</b>.")
    assert len(tries) == 1
    group.get_by_role("button", name="Discard").click()
    three.show("milk", "bread", "tea")
    assert table.todos(three.list_id)[0] == ("milk", False)


def test_a_proxys_own_page_is_a_failure(three: ListPage) -> None:
    changes(three.page, _refused(200, "<h1>Please log in</h1>"))
    three.toggle("milk").check()
    expect(three.row("milk")).to_have_class(FAILED)


def test_a_tick_that_failed_is_kept_until_it_is_discarded(three: ListPage, table: Table) -> None:
    changes(three.page, _unreachable)
    three.toggle("milk").check()
    expect(three.row("milk")).to_have_class(FAILED)
    expect(three.toggle("milk")).to_be_checked()
    three.row("milk").get_by_role("button", name="Discard").click()
    expect(three.toggle("milk")).not_to_be_checked()
    expect(three.toggle("milk")).to_be_focused()
    assert table.todos(three.list_id)[0] == ("milk", False)


def test_a_todo_that_could_not_be_deleted_comes_back(three: ListPage, table: Table) -> None:
    changes(three.page, _unreachable)
    three.row("bread").hover()
    three.button("Delete bread").click()
    three.show("milk", "tea")
    expect(three.row("bread").get_by_role("group")).to_contain_text("Not deleted.")
    three.show("milk", "bread", "tea")
    three.page.unroute(API)
    with three.answered("DELETE"):
        three.button("Retry").click()
    three.show("milk", "tea")
    assert table.todos(three.list_id) == [("milk", False), ("tea", False)]


def test_a_failed_row_is_seen_whatever_the_filter(three: ListPage) -> None:
    changes(three.page, _unreachable)
    three.link("Active").click()
    three.toggle("milk").check()
    expect(three.row("milk").get_by_role("group")).to_be_visible()
    three.show("milk", "bread", "tea")


def test_a_failed_mark_all_is_one_request_again(three: ListPage, table: Table) -> None:
    tries = changes(three.page, _unreachable)
    three.page.get_by_role("checkbox", name="Mark all").check()
    expect(three.page.get_by_role("alert")).to_have_text("3 changes are not saved.")
    assert tries == ["PATCH"] * 3
    three.page.unroute(API)
    tries = changes(three.page, lambda route: route.continue_())
    three.button("Retry all").click()
    three.saved()
    assert tries == ["PATCH"]
    expect(three.page.get_by_role("alert")).to_have_text("")
    assert [completed for _, completed in table.todos(three.list_id)] == [True] * 3


def test_all_that_failed_can_be_discarded(three: ListPage, table: Table) -> None:
    changes(three.page, _unreachable)
    three.toggle("milk").check()
    three.field.fill("cake")
    three.field.press("Enter")
    three.button("Discard all").click()
    three.show("milk", "bread", "tea")
    expect(three.toggle("milk")).not_to_be_checked()
    assert len(table.todos(three.list_id)) == 3


def test_clearing_spares_what_was_reopened_but_not_saved(three: ListPage, table: Table) -> None:
    with three.answered("PATCH"):
        three.toggle("milk").check()
    with three.answered("PATCH"):
        three.toggle("bread").check()
    three.saved()
    changes(three.page, _unreachable)
    three.toggle("milk").uncheck()
    expect(three.row("milk")).to_have_class(FAILED)
    three.page.unroute(API)
    with three.answered("DELETE"):
        three.button("Clear completed").click()
    three.show("milk", "tea")
    assert [title for title, _ in table.todos(three.list_id)] == ["milk", "tea"]


def test_changes_to_a_row_are_sent_one_after_the_other(three: ListPage, table: Table) -> None:
    held: list[Route] = []
    tries = changes(three.page, held.append, times=1)
    three.toggle("milk").check()
    three.edit("milk", "oat milk")
    three.toggle("oat milk").uncheck()
    three.edit("oat milk", "soy milk")
    expect(three.row("soy milk")).to_have_class(PENDING)
    assert tries == ["PATCH"]
    held[0].continue_()
    three.saved()
    assert tries == ["PATCH", "PATCH"]
    expect(three.row("soy milk")).not_to_have_class(FAILED)
    assert table.todos(three.list_id)[0] == ("soy milk", False)


def test_a_new_row_can_be_changed_before_it_is_saved(three: ListPage, table: Table) -> None:
    held: list[Route] = []
    changes(three.page, held.append, times=1)
    three.field.fill("cake")
    three.field.press("Enter")
    three.edit("cake", "pie")
    three.toggle("pie").check()
    held[0].continue_()
    three.saved()
    assert table.todos(three.list_id)[3:] == [("pie", True)]


def test_a_new_row_can_be_deleted_before_it_is_saved(three: ListPage, table: Table) -> None:
    held: list[Route] = []
    changes(three.page, held.append, times=1)
    three.field.fill("cake")
    three.field.press("Enter")
    three.row("cake").hover()
    three.button("Delete cake").click()
    three.show("milk", "bread", "tea")
    with three.answered("DELETE"):
        held[0].continue_()
    assert len(table.todos(three.list_id)) == 3


def test_the_browsers_way_back_to_the_network_sends_what_failed(
    three: ListPage, table: Table
) -> None:
    three.page.context.set_offline(True)
    three.toggle("milk").check()
    expect(three.row("milk")).to_have_class(FAILED)
    three.page.context.set_offline(False)
    expect(three.row("milk")).not_to_have_class(FAILED)
    three.saved()
    assert table.todos(three.list_id)[0] == ("milk", True)


def test_leaving_with_unsaved_changes_asks_first(three: ListPage) -> None:
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    three.page.on("dialog", note)
    three.page.reload()
    assert asked == []
    changes(three.page, _unreachable)
    three.toggle("milk").check()
    expect(three.row("milk")).to_have_class(FAILED)
    three.page.reload()
    assert asked == ["beforeunload"]


def test_a_page_that_cannot_keep_up_says_so(three: ListPage) -> None:
    line = three.page.locator(".connection")
    three.page.route(API, _unreachable)
    three.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(line).to_contain_text("The server cannot be reached.")
    three.page.unroute(API)
    three.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(line).to_be_hidden()
