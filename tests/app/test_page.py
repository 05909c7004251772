from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_app import page
from todo_app.todo import Todo

LIST = "0123456789abcdef0123456789abcdef"
STATIC = Path(page.__file__).parent / "static"

MILK = Todo(17, "milk", False, 1764081000123, 3)
BREAD = Todo(18, "bread", True, 1764081000124, 1)


class Parsed(HTMLParser):
    """A page's tags with their attributes, and its text by class of the element around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._class = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._class = dict(attrs).get("class") or ""

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._class = ""

    def handle_data(self, data: str) -> None:
        if self._class:
            self.texts[self._class] = self.texts.get(self._class, "") + data

    def first(self, class_: str) -> dict[str, str | None]:
        """The attributes of the first element of a class."""
        classes = ((attrs, (attrs.get("class") or "").split()) for _, attrs in self.tags)
        return next(attrs for attrs, names in classes if class_ in names)


def render(*todos: Todo, has_more: bool = False) -> str:
    return page.render(list_id=LIST, todos=todos, has_more=has_more)


def test_a_row_has_what_the_script_needs() -> None:
    row = Parsed(render(MILK)).first("todo")
    assert row["data-id"] == "17"
    assert row["data-version"] == "3"
    assert row["data-order"] == "1764081000123"


def test_rows_are_in_the_order_given_and_completed_ones_are_ticked() -> None:
    tags = Parsed(render(MILK, BREAD)).tags
    rows = [attrs["class"] for _, attrs in tags if "todo" in (attrs.get("class") or "").split()]
    # The last one is the template.
    assert rows == ["todo", "todo completed", "todo"]
    toggles = [attrs for _, attrs in tags if attrs.get("class") == "toggle"]
    assert ["checked" in attrs for attrs in toggles] == [False, True, False]


@given(title=st.text(min_size=1))
def test_no_title_is_anything_but_text(title: str) -> None:
    plain = Parsed(render(MILK))
    html = Parsed(render(Todo(17, title, False, 1764081000123, 3)))
    assert [tag for tag, _ in html.tags] == [tag for tag, _ in plain.tags]
    # HTML reads every line end as one kind; a title has none.
    assert html.texts["title"].splitlines() == title.splitlines()
    assert html.first("destroy")["aria-label"] == f"Delete {title}"
    assert {"class", "type", "data-label", "aria-label"} == set(html.first("destroy"))


@pytest.mark.parametrize(
    ("todos", "has_more", "text"),
    [
        ([], False, "0 items left"),
        ([MILK], False, "1 item left"),
        ([BREAD], False, "0 items left"),
        ([MILK, MILK, BREAD], False, "2 items left"),
        ([MILK, BREAD], True, "1+ items left"),
    ],
)
def test_the_counter_is_right_at_first_paint(todos: list[Todo], has_more: bool, text: str) -> None:
    html = render(*todos, has_more=has_more)
    (count,) = re.findall(r'class="todo-count"[^>]*>(.*)</span>', html)
    assert re.sub(r"</?strong>", "", count) == text


@pytest.mark.parametrize(
    ("todos", "main", "clear", "all_"),
    [
        ([], False, False, False),
        ([MILK], True, False, False),
        ([MILK, BREAD], True, True, False),
        ([BREAD], True, True, True),
    ],
)
def test_what_there_is_nothing_for_is_hidden(
    todos: list[Todo], main: bool, clear: bool, all_: bool
) -> None:
    html = Parsed(render(*todos))
    assert ("hidden" not in html.first("main")) is main
    assert ("hidden" not in html.first("footer")) is main
    assert ("hidden" not in html.first("clear-completed")) is clear
    assert ("checked" in html.first("toggle-all")) is all_


@pytest.mark.parametrize("has_more", [True, False])
def test_the_script_is_told_whether_there_is_more(has_more: bool) -> None:
    assert ("data-more" in Parsed(render(MILK, has_more=has_more)).first("todoapp")) is has_more


def test_nothing_is_inline() -> None:
    for tag, attrs in Parsed(render(MILK)).tags:
        assert tag != "style"
        assert tag != "script" or "src" in attrs
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_every_address_is_relative_to_the_page() -> None:
    tags = Parsed(render(MILK)).tags
    links = [attrs[name] or "" for _, attrs in tags for name in ("src", "href") if name in attrs]
    assert len(links) > 5
    for link in links:
        assert link.startswith(("../static/", "../?new", "#"))
    app = Parsed(render(MILK)).first("todoapp")
    assert app["data-todos"] == f"../api/lists/{LIST}/todos"


def test_the_page_loads_every_file_in_its_current_version() -> None:
    loaded = set(re.findall(r'"\.\./static/([^"?]+)\?v=([0-9a-f]+)"', render()))
    assert loaded == {(name, asset.version) for name, asset in page.assets().items()}


def test_the_script_is_all_modules_in_one() -> None:
    script = page.assets()["app.js"].content.decode()
    modules = [file.read_text(encoding="utf-8") for file in STATIC.glob("*.js")]
    assert len(modules) > 3
    for module in modules:
        title = module.splitlines()[0]
        assert script.count(title) == 1
        for name in re.findall(r"^export (?:async )?(?:class|const|function) (\w+)", module, re.M):
            assert (
                len(re.findall(rf"^(?:async )?(?:class|const|function) {name}\b", script, re.M))
                == 1
            )
    assert not re.search(r"^(import|export)\b", script, re.M)


@pytest.mark.parametrize("name", sorted(page.assets()))
def test_a_file_is_what_it_is_called_packed_and_unpacked(name: str) -> None:
    asset = page.assets()[name]
    assert gzip.decompress(asset.gzipped) == asset.content
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert asset.content_type.partition(";")[0] == kinds[Path(name).suffix]
    assert page.asset_url(name) == f"../static/{name}?v={asset.version}"
