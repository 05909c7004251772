"""A person at the page, in a real browser, through the load balancer."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from local.browser import find_browser
from tests.running_system import RunningSystem

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            # The sandbox needs rights that containers and CI machines seldom have; the only site
            # visited is our own. The other two keep the browser from calling home.
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, system: RunningSystem) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"http://{system.host}/")
    yield page
    page.close()


def _add(page: Page, title: str) -> Locator:
    """Type a title and return the row that shows it."""
    field = page.get_by_placeholder("What needs to be done?")
    field.fill(title)
    field.press("Enter")
    row = page.get_by_role("listitem").filter(has_text=title)
    expect(row).to_be_visible()
    return row


def _stored(system: RunningSystem, title: str) -> list[tuple[object, ...]]:
    with system.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT title, completed FROM todos WHERE title = %s", (title,))
        return list(cursor.fetchall())


def test_a_todo_typed_in_the_browser_is_in_the_table(system: RunningSystem, page: Page) -> None:
    title = f"typed {uuid4()}"
    _add(page, title)
    assert _stored(system, title) == [(title, 0)]


def test_a_todo_is_still_there_after_a_reload(page: Page) -> None:
    row = _add(page, f"reloaded {uuid4()}")
    page.reload()
    expect(row).to_be_visible()


def test_a_completed_todo_is_stored_as_completed(system: RunningSystem, page: Page) -> None:
    title = f"completed {uuid4()}"
    row = _add(page, title)
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        row.get_by_role("checkbox").check()
    assert _stored(system, title) == [(title, 1)]


def test_a_double_click_edits_and_enter_saves(system: RunningSystem, page: Page) -> None:
    before, after = f"before {uuid4()}", f"after {uuid4()}"
    _add(page, before).get_by_text(before).dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type(after)
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        page.keyboard.press("Enter")
    assert _stored(system, before) == []
    assert _stored(system, after) == [(after, 0)]


def test_a_deleted_todo_is_gone_from_the_table(system: RunningSystem, page: Page) -> None:
    title = f"deleted {uuid4()}"
    row = _add(page, title)
    row.hover()
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        row.get_by_role("button", name=f"Delete {title}").click()
    expect(row).to_have_count(0)
    assert _stored(system, title) == []


def test_a_failed_request_is_shown_and_nothing_is_pretended(page: Page) -> None:
    title = f"lost {uuid4()}"
    page.route("**/api/todos", lambda route: route.abort())
    field = page.get_by_placeholder("What needs to be done?")
    field.fill(title)
    field.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=title)).to_have_count(0)
    page.unroute("**/api/todos")


def test_a_title_with_markup_is_text(page: Page) -> None:
    title = f"<img src=x onerror=alert(1)> {uuid4()}"
    row = _add(page, title)
    expect(row.locator("img")).to_have_count(0)
    expect(row).to_contain_text(title)
