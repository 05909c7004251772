"""The page without a mouse, for screen readers, on small screens, in both colour schemes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.list_page import ListPage, Opener, Table

pytestmark = pytest.mark.browser

CONTRASTS = """
() => {
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    throw new Error("nothing opaque behind");
  };
  const hasText = (element) =>
    element.placeholder || [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const found = {};
  for (const element of document.querySelectorAll("main *")) {
    if (!hasText(element) || !element.checkVisibility()) continue;
    for (const pseudo of element.placeholder ? [null, "::placeholder"] : [null]) {
      const text = luminance(parse(getComputedStyle(element, pseudo).color));
      const page = luminance(behind(element));
      const ratio = (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
      found[`${element.localName}.${element.className}${pseudo ?? ""}`] = ratio;
    }
  }
  return found;
}
"""

UNDERSIZED = """
() => [...document.querySelectorAll("main :is(button, a, input)")]
  .filter((element) => element.checkVisibility() && element.getClientRects().length)
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 44 || height < 44)
  .map(([element, { width, height }]) => `${element.outerHTML} ${width}x${height}`)
"""


@pytest.fixture
def three(todo: ListPage) -> ListPage:
    todo.add("milk", "bread", "tea")
    return todo


def test_everything_has_a_role_and_a_name(three: ListPage) -> None:
    with three.answered("PATCH"):
        three.toggle("bread").check()
    expect(three.page.get_by_role("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "To do" [level=1]
          - textbox "New to-do"
          - button "Add"
          - region "To-dos":
            - checkbox "Mark all as complete"
            - progressbar "Completed"
            - list:
              - listitem:
                - checkbox "milk"
                - button "Edit milk"
                - button "Delete milk"
              - listitem:
                - checkbox "bread" [checked]
                - button "Edit bread"
                - button "Delete bread"
              - listitem:
                - checkbox "tea"
                - button "Edit tea"
                - button "Delete tea"
          - status:
            - strong: "2"
            - text: items left
          - navigation "Show":
            - list:
              - listitem:
                - link "All"
              - listitem:
                - link "Active"
              - listitem:
                - link "Completed"
          - button "Clear completed"
        """
    )


def test_a_list_is_kept_with_the_keyboard_alone(three: ListPage, table: Table) -> None:
    keyboard = three.page.keyboard
    three.field.focus()
    keyboard.press("ArrowDown")
    expect(three.toggle("milk")).to_be_focused()
    with three.answered("PATCH"):
        keyboard.press("Space")
    expect(three.toggle("milk")).to_be_checked()
    keyboard.press("ArrowDown")
    expect(three.toggle("bread")).to_be_focused()
    for key, title in (("Enter", "rye bread"), ("F2", "white bread")):
        keyboard.press(key)
        expect(three.editor).to_be_focused()
        keyboard.press("ControlOrMeta+A")
        keyboard.type(title)
        with three.answered("PATCH"):
            keyboard.press("Enter")
        expect(three.toggle(title)).to_be_focused()
    keyboard.press("Tab")
    expect(three.button("Edit white bread")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Escape")
    expect(three.toggle("white bread")).to_be_focused()
    with three.answered("DELETE"):
        keyboard.press("Delete")
    expect(three.toggle("tea")).to_be_focused()
    keyboard.press("ArrowUp")
    keyboard.press("ArrowUp")
    expect(three.field).to_be_focused()
    assert table.todos(three.list_id) == [("milk", True), ("tea", False)]


def test_the_focus_moves_to_what_is_left(three: ListPage) -> None:
    three.toggle("tea").focus()
    for expected in (three.toggle("bread"), three.toggle("milk"), three.field):
        with three.answered("DELETE"):
            three.page.keyboard.press("Delete")
        expect(expected).to_be_focused()


def test_the_focus_stays_in_the_filter(three: ListPage) -> None:
    three.link("Active").click()
    three.toggle("milk").focus()
    three.page.keyboard.press("Space")
    three.show("bread", "tea")
    expect(three.toggle("bread")).to_be_focused()


def test_a_focused_control_is_seen_to_be(three: ListPage) -> None:
    three.field.focus()
    # Add, mark all, and what the first row has.
    for _ in range(5):
        three.page.keyboard.press("Tab")
        focused = three.page.locator(":focus")
        expect(focused).to_have_css("outline-style", "solid")
        expect(focused).to_have_css("opacity", "1")


def test_what_happened_is_announced(three: ListPage) -> None:
    three.row("milk").hover()
    three.button("Delete milk").click()
    expect(three.page.get_by_role("status").filter(has_text="Deleted “milk”.")).to_have_count(1)
    expect(three.page.get_by_role("status").filter(has_text="2 items left")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(opener: Opener, scheme: str) -> None:
    todo = opener.open(color_scheme=scheme, reduced_motion="reduce")
    todo.add("milk", "bread")
    with todo.answered("PATCH"):
        todo.toggle("bread").check()
    todo.page.route("**/api/**", lambda route: route.abort())
    todo.page.get_by_role("checkbox", name="Mark all").check()
    todo.toggle("milk").uncheck()
    todo.toggle("bread").uncheck()
    todo.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(todo.button("Discard all")).to_be_visible()
    expect(todo.page.locator(".connection")).to_be_visible()
    contrasts = todo.page.evaluate(CONTRASTS)
    assert len(contrasts) > 15
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


def test_fingers_find_large_targets_that_need_no_hovering(opener: Opener) -> None:
    todo = opener.open(
        viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, locale="en"
    )
    todo.add("milk", "W" * 255)
    expect(todo.field).to_be_focused()
    expect(todo.button("Delete milk")).to_have_css("opacity", "1")
    with todo.answered("PATCH"):
        todo.toggle("milk").check()
    assert todo.page.evaluate(UNDERSIZED) == []
    todo.button("Edit milk").tap()
    expect(todo.editor).to_be_focused()


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(opener: Opener, width: int) -> None:
    todo = opener.open(viewport={"width": width, "height": 640})
    todo.add("W" * 255)
    with todo.answered("PATCH"):
        todo.toggle("W" * 255).check()
    assert todo.page.evaluate("document.documentElement.scrollWidth") <= width
    cut_off = "title => title.scrollWidth > title.clientWidth"
    assert not todo.rows.locator(".title").evaluate(cut_off)


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_for_those_who_do_not_want_it(
    opener: Opener, motion: str, moves: bool
) -> None:
    todo = opener.open(reduced_motion=motion)
    todo.page.evaluate(
        """() => {
          window.moved = false;
          for (const kind of ["animationstart", "transitionrun"]) {
            addEventListener(kind, () => { window.moved = true; });
          }
        }"""
    )
    todo.add("milk")
    todo.toggle("milk").check()
    todo.row("milk").hover()
    todo.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert todo.page.evaluate("window.moved") is moves


def test_the_lists_address_can_be_copied(opener: Opener) -> None:
    context = opener.context(permissions=["clipboard-read", "clipboard-write"])
    todo = opener.open(route="#/active", context=context)
    todo.button("Copy link").click()
    expect(todo.button("Copied")).to_be_visible()
    copied = todo.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{opener.site}/lists/{todo.list_id}"
