"""The web page of a list: its HTML, and the files that it loads.

The HTML is in `templates/`, filled in by `str.format`; whatever a person wrote is escaped by
MarkupSafe. The same row that the server fills is in the page as a `<template>` for the script.

The files in `static/` are loaded under their content's hash, so browsers may keep them for good.
The script is written as modules and sent as one: half a release from one server and half from
another, while a new one is rolled out, would not fit together. Joining them is all the building
there is.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import escape

from todo_app.todo import Todo

__all__ = ["Asset", "asset_url", "assets", "render"]

_HERE: Final = Path(__file__).parent

# Each after those that it imports.
_MODULES: Final = ("api.js", "item.js", "store.js", "follow.js", "rows.js", "app.js")

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file that the page loads.

    Attributes:
        version: hash of the content; goes into the file's address as `?v=`.
        gzipped: the content, compressed once and for all.
    """

    content: bytes
    gzipped: bytes
    content_type: str
    version: str


def assets() -> Mapping[str, Asset]:
    """Every file that the page loads, by name."""
    return _ASSETS


def asset_url(name: str) -> str:
    """Where the page finds a file: relative to the page, with the content's hash."""
    return f"../static/{name}?v={_ASSETS[name].version}"


def render(*, list_id: str, todos: Sequence[Todo], has_more: bool) -> str:
    """The page of a list.

    Args:
        list_id: what the list is called in addresses.
        todos: the list's to-dos in their order, from the first one on.
        has_more: there are more than these; the page's script loads the others.
    """
    completed = sum(todo.completed for todo in todos)
    active = len(todos) - completed
    return _PAGE.format(
        **_LINKS,
        list_id=escape(list_id),
        has_more=" data-more" if has_more else "",
        main_hidden="" if todos else " hidden",
        all_checked=" checked" if todos and not active else "",
        completed=completed,
        total=len(todos) or 1,
        rows="".join(map(_row, todos)),
        active=active,
        more="+" if has_more else "",
        items="item" if active == 1 and not has_more else "items",
        clear_hidden="" if completed else " hidden",
        row=_EMPTY_ROW,
    )


def _row(todo: Todo) -> str:
    return _ROW.format(
        class_=" completed" if todo.completed else "",
        checked=" checked" if todo.completed else "",
        id=todo.id,
        version=todo.version,
        order=todo.order,
        title=escape(todo.title),
    )


def _template(name: str) -> str:
    text = (_HERE / "templates" / name).read_text(encoding="utf-8")
    # Indentation is for those who read the file; titles keep their own spaces.
    return re.sub(r"\n\s*", "\n", text).strip()


def _static(name: str) -> bytes:
    return (_HERE / "static" / name).read_bytes()


def _script() -> bytes:
    modules = (_static(name).decode() for name in _MODULES)
    return "".join(_EXPORT.sub("", _IMPORT.sub("", module)) for module in modules).encode()


def _asset(content: bytes, content_type: str) -> Asset:
    return Asset(
        content=content,
        gzipped=gzip.compress(content, mtime=0),
        content_type=content_type,
        version=hashlib.sha256(content).hexdigest()[:16],
    )


_ASSETS: Final = {
    "app.js": _asset(_script(), "text/javascript; charset=utf-8"),
    "style.css": _asset(_static("style.css"), "text/css; charset=utf-8"),
    "icon.svg": _asset(_static("icon.svg"), "image/svg+xml"),
}
_LINKS: Final = {
    "app": asset_url("app.js"),
    "style": asset_url("style.css"),
    "icon": asset_url("icon.svg"),
}
_ROW: Final = _template("row.html").replace("\n", "")
_EMPTY_ROW: Final = _ROW.format(class_="", checked="", id="", version="", order="", title="")
_PAGE: Final = _template("page.html")
