"""A person at the page, in a real browser, through the load balancer."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from local.browser import find_browser
from tests.running_system import RunningSystem

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(system: RunningSystem) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            # The sandbox needs rights that containers and CI machines seldom have; the only site
            # visited is our own. The other two keep the browser from calling home.
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page()
        page.goto(f"http://{system.host}/")
        yield page
        browser.close()


def test_a_todo_typed_in_the_browser_is_in_the_table(system: RunningSystem, page: Page) -> None:
    title = f"typed {uuid4()}"
    field = page.get_by_placeholder("What needs to be done?")
    field.fill(title)
    field.press("Enter")
    expect(page.get_by_text(title)).to_be_visible()
    assert title in system.titles()
