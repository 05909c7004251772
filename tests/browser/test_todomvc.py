"""What the TodoMVC application specification asks for, each held against the table."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.list_page import ListPage, Opener, Table

pytestmark = pytest.mark.browser

SELECTED = re.compile(r"\bselected\b")
COMPLETED = re.compile(r"\bcompleted\b")
EDITING = re.compile(r"\bediting\b")


@pytest.fixture
def two(todo: ListPage) -> ListPage:
    todo.add("milk", "bread")
    return todo


def test_without_todos_there_is_only_the_field(todo: ListPage) -> None:
    expect(todo.field).to_be_focused()
    expect(todo.page.locator(".main, .footer").filter(visible=True)).to_have_count(0)
    todo.add("milk")
    expect(todo.page.locator(".main, .footer").filter(visible=True)).to_have_count(2)
    todo.row("milk").hover()
    todo.button("Delete milk").click()
    expect(todo.page.locator(".main, .footer").filter(visible=True)).to_have_count(0)


def test_enter_adds_a_trimmed_todo_at_the_end(two: ListPage, table: Table) -> None:
    two.add("  tea\t and  cake ")
    expect(two.field).to_have_value("")
    two.show("milk", "bread", "tea and cake")
    assert table.todos(two.list_id) == [
        ("milk", False),
        ("bread", False),
        ("tea  and  cake", False),
    ]


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_nothing_is_added_without_a_title(two: ListPage, table: Table, text: str) -> None:
    two.field.fill(text)
    two.field.press("Enter")
    two.add("last")
    two.show("milk", "bread", "last")
    assert len(table.todos(two.list_id)) == 3


def test_a_tick_completes_and_a_second_one_reopens(two: ListPage, table: Table) -> None:
    with two.answered("PATCH"):
        two.toggle("milk").check()
    expect(two.row("milk")).to_have_class(COMPLETED)
    assert table.todos(two.list_id) == [("milk", True), ("bread", False)]
    with two.answered("PATCH"):
        two.toggle("milk").uncheck()
    expect(two.row("milk")).not_to_have_class(COMPLETED)
    assert table.todos(two.list_id) == [("milk", False), ("bread", False)]


def test_a_click_on_a_title_is_no_tick(two: ListPage) -> None:
    two.page.get_by_text("milk", exact=True).click()
    expect(two.toggle("milk")).not_to_be_checked()
    two.page.get_by_text("milk", exact=True).dblclick()
    expect(two.editor).to_be_focused()
    expect(two.row("milk")).to_have_count(1)


def test_mark_all_completes_and_reopens_all(two: ListPage, table: Table) -> None:
    mark_all = two.page.get_by_role("checkbox", name="Mark all as complete")
    with two.answered("PATCH"):
        mark_all.check()
    expect(two.toggle("milk")).to_be_checked()
    assert table.todos(two.list_id) == [("milk", True), ("bread", True)]
    two.saved()
    with two.answered("PATCH"):
        mark_all.uncheck()
    expect(two.toggle("bread")).not_to_be_checked()
    assert table.todos(two.list_id) == [("milk", False), ("bread", False)]


def test_mark_all_follows_the_single_todos(two: ListPage) -> None:
    mark_all = two.page.get_by_role("checkbox", name="Mark all as complete")
    two.toggle("milk").check()
    expect(mark_all).not_to_be_checked()
    two.toggle("bread").check()
    expect(mark_all).to_be_checked()
    two.button("Clear completed").click()
    two.add("tea")
    expect(mark_all).not_to_be_checked()


def test_editing_hides_the_other_controls(two: ListPage) -> None:
    two.page.get_by_text("milk", exact=True).dblclick()
    row = two.rows.first
    expect(row).to_have_class(EDITING)
    expect(two.editor).to_be_focused()
    expect(two.editor).to_have_value("milk")
    expect(row.get_by_role("checkbox").or_(row.get_by_role("button"))).to_have_count(0)


@pytest.mark.parametrize("key", ["Enter", "Tab"])
def test_enter_and_leaving_save_the_trimmed_title(two: ListPage, table: Table, key: str) -> None:
    with two.answered("PATCH"):
        two.edit("milk", "  oat milk ", key=key)
    two.show("oat milk", "bread")
    expect(two.rows.first).not_to_have_class(EDITING)
    assert table.todos(two.list_id) == [("oat milk", False), ("bread", False)]


def test_escape_discards(two: ListPage, table: Table) -> None:
    two.edit("milk", "beer", key="Escape")
    two.show("milk", "bread")
    two.add("last")
    assert table.todos(two.list_id)[0] == ("milk", False)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_title_deletes(two: ListPage, table: Table, text: str) -> None:
    with two.answered("DELETE"):
        two.edit("milk", text)
    two.show("bread")
    assert table.todos(two.list_id) == [("bread", False)]


def test_the_pointer_shows_the_button_that_deletes(two: ListPage, table: Table) -> None:
    remove = two.button("Delete milk")
    expect(remove).to_have_css("opacity", "0")
    two.row("milk").hover()
    expect(remove).to_have_css("opacity", "1")
    with two.answered("DELETE"):
        remove.click()
    two.show("bread")
    assert table.todos(two.list_id) == [("bread", False)]


def test_the_counter_knows_its_plural(todo: ListPage) -> None:
    count = todo.page.locator(".todo-count")
    todo.add("milk")
    expect(count).to_have_text("1 item left")
    todo.add("bread")
    expect(count).to_have_text("2 items left")
    expect(count.locator("strong")).to_have_text("2")
    todo.page.get_by_role("checkbox", name="Mark all").check()
    expect(count).to_have_text("0 items left")


def test_clear_completed_is_there_when_something_is(two: ListPage, table: Table) -> None:
    clear = two.button("Clear completed")
    expect(clear).to_be_hidden()
    with two.answered("PATCH"):
        two.toggle("milk").check()
    two.saved()
    with two.answered("DELETE"):
        clear.click()
    expect(clear).to_be_hidden()
    two.show("bread")
    assert table.todos(two.list_id) == [("bread", False)]


def test_the_address_filters(two: ListPage) -> None:
    expect(two.link("All")).to_have_class(SELECTED)
    two.toggle("milk").check()
    two.link("Active").click()
    two.show("bread")
    expect(two.link("Active")).to_have_class(SELECTED)
    expect(two.link("All")).not_to_have_class(SELECTED)
    two.link("Completed").click()
    two.show("milk")
    assert two.page.url.endswith("#/completed")
    two.page.go_back()
    two.show("bread")
    two.link("All").click()
    two.show("milk", "bread")


def test_the_filter_survives_a_reload(two: ListPage) -> None:
    with two.answered("PATCH"):
        two.toggle("milk").check()
    two.link("Completed").click()
    two.page.reload()
    two.show("milk")
    expect(two.link("Completed")).to_have_class(SELECTED)
    expect(two.link("Completed")).to_have_attribute("aria-current", "page")
    expect(two.field).to_be_focused()


def test_a_changed_todo_leaves_the_filter_that_it_no_longer_passes(two: ListPage) -> None:
    two.link("Active").click()
    two.toggle("milk").check()
    two.show("bread")
    two.link("Completed").click()
    two.toggle("milk").uncheck()
    two.show()
    two.add("tea")
    two.show()
    two.link("All").click()
    two.show("milk", "bread", "tea")


def test_everything_is_as_before_after_a_reload(opener: Opener, two: ListPage) -> None:
    with two.answered("PATCH"):
        two.toggle("bread").check()
    with two.answered("PATCH"):
        two.edit("milk", "oat milk")
    for page in (two, opener.open(two.list_id)):
        page.page.reload()
        page.show("oat milk", "bread")
        expect(page.toggle("bread")).to_be_checked()
        expect(page.toggle("oat milk")).not_to_be_checked()
        expect(page.page.locator(".todo-count")).to_have_text("1 item left")


def test_a_visitor_comes_back_to_the_list_and_may_start_another(opener: Opener) -> None:
    page = opener.context().new_page()
    page.goto(opener.site)
    first = page.url
    assert re.fullmatch(r".*/lists/[0-9a-f]{32}", first)
    page.goto(opener.site)
    assert page.url == first
    page.get_by_role("link", name="New list").click()
    page.wait_for_url(lambda url: "/lists/" in url and url != first)
