"""What the server sends is the page already; the script takes over without a visible change."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Dialog, Route, expect

from tests.browser.list_page import ListPage, Opener, Table, fetch

pytestmark = pytest.mark.browser

TITLES = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</template></ul><b>bold",
    "\"quotes\" & 'apostrophes' &amp; entities",
    "{braces} {{more}} %s $dollar",
    "👩‍👩‍👧 Grüße, 日本語, مرحبا",
]


@pytest.fixture
def list_id() -> str:
    return secrets.token_hex(16)


@pytest.mark.parametrize(
    ("route", "seen"),
    [
        ("", ["milk", "bread"]),
        ("#/", ["milk", "bread"]),
        ("#/active", ["bread"]),
        ("#/completed", ["milk"]),
    ],
)
def test_the_right_rows_are_there_without_any_script(
    opener: Opener, table: Table, list_id: str, route: str, seen: list[str]
) -> None:
    table.insert(list_id, [("milk", True), ("bread", False)])
    todo = opener.open(list_id, route=route, java_script_enabled=False)
    todo.show(*seen)
    expect(todo.toggle(seen[0])).to_be_checked(checked=seen[0] == "milk")
    expect(todo.page.locator(".todo-count")).to_have_text("1 item left")
    expect(todo.page.locator("noscript")).to_be_visible()
    chosen = todo.page.locator(f'.filters a[href="{route or "#/"}"]')
    expect(chosen).to_have_css("font-weight", "600")
    expect(todo.link("All")).to_have_css("font-weight", "400" if len(seen) == 1 else "600")


def test_the_script_changes_nothing_that_the_server_has_rendered(
    opener: Opener, table: Table, list_id: str
) -> None:
    table.insert(list_id, [("milk", True), ("bread", False)])
    page = opener.context().new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{opener.site}/lists/{list_id}")
    look = "document.querySelector('.main').outerHTML + document.querySelector('.footer').outerHTML"
    before = page.evaluate(look)
    todo = opener.open(list_id)
    todo.page.evaluate("dispatchEvent(new Event('focus'))")
    with todo.answered("PATCH"):
        todo.toggle("bread").check()
    with todo.answered("PATCH"):
        todo.toggle("bread").uncheck()
    todo.saved()
    after = todo.page.evaluate(look)
    state = r' (class="(selected)?"|aria-current="page")'
    assert re.sub(state, "", after) == re.sub(state, "", before)


def test_a_row_is_the_same_from_the_server_and_from_the_script(todo: ListPage) -> None:
    look = "row => row.outerHTML"
    todo.add("milk & honey")
    todo.saved()
    expect(todo.rows.first).not_to_have_class(re.compile("entering"))
    own = todo.rows.first.evaluate(look)
    todo.page.reload()
    ids = r' data-(id|version|order)="[0-9]*"'
    assert re.sub(ids, "", todo.rows.first.evaluate(look)) == re.sub(ids, "", own)


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_text(opener: Opener, todo: ListPage, title: str) -> None:
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    todo.page.on("dialog", note)
    todo.add(title)
    for todo_ in (todo, opener.open(todo.list_id, context=todo.page.context)):
        expect(todo_.rows.locator(".title")).to_have_text(title)
        assert todo_.rows.locator(".title").text_content() == title
        expect(todo_.rows.locator("img, script, b")).to_have_count(0)
        expect(todo_.button(f"Delete {title}")).to_have_count(1)
        todo_.page.get_by_text(title, exact=True).dblclick()
        expect(todo_.editor).to_have_value(title)
        todo_.editor.press("Escape")
    assert dialogs == []


def test_a_long_list_is_completed_by_the_script(opener: Opener, table: Table, list_id: str) -> None:
    table.insert(list_id, [(f"number {at}", at % 2 == 0) for at in range(1005)])
    todo = opener.open(list_id, java_script_enabled=False)
    expect(todo.rows).to_have_count(1000)
    expect(todo.page.locator(".todo-count")).to_have_text("500+ items left")
    todo = opener.open(list_id)
    expect(todo.rows).to_have_count(1005)
    expect(todo.rows.last).to_contain_text("number 1004")
    expect(todo.page.locator(".todo-count")).to_have_text("502 items left")
    with todo.answered("PATCH"):
        todo.page.get_by_role("checkbox", name="Mark all").check()
    todo.saved()
    expect(todo.page.locator(".failed")).to_have_count(0)
    assert all(completed for _, completed in table.todos(list_id))


def test_the_page_works_below_a_path_prefix(opener: Opener, table: Table, list_id: str) -> None:
    def serve(route: Route) -> None:
        assert route.request.url.startswith("http://prefixed.localhost/some/where/")
        path = route.request.url.removeprefix("http://prefixed.localhost/some/where")
        route.fulfill(response=fetch(route, opener.site + path))

    context = opener.context()
    context.route("http://prefixed.localhost/**", serve)
    page = context.new_page()
    opener.watch(page)
    page.goto(f"http://prefixed.localhost/some/where/lists/{list_id}")
    todo = ListPage(page, list_id)
    todo.add("milk")
    with todo.answered("PATCH"):
        todo.toggle("milk").check()
    todo.show("milk")
    assert table.todos(list_id) == [("milk", True)]
