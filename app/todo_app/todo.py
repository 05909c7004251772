"""What a to-do is, and what a client may say about one."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

__all__ = [
    "LONGEST_TITLE",
    "FieldError",
    "InvalidTodoError",
    "NewTodo",
    "Todo",
    "TodoChanges",
    "parse_changes",
    "parse_new_todo",
]

_T = TypeVar("_T")

LONGEST_TITLE: Final = 255
"""Characters (code points), as MySQL counts them in `VARCHAR(255)`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Todo:
    """A to-do as it is stored."""

    id: int
    title: str
    completed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTodo:
    """A to-do that has no id yet."""

    title: str
    completed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TodoChanges:
    """New values; None leaves the old one."""

    title: str | None = None
    completed: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """What is wrong with one field of a client's object."""

    field: str
    detail: str


class InvalidTodoError(Exception):
    """A client's object has unusable fields; `errors` has all of them."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field} {error.detail}" for error in errors))
        self.errors = tuple(errors)


class _UnusableValueError(Exception):
    pass


def parse_new_todo(fields: Mapping[str, object]) -> NewTodo:
    """Check the object of a client that wants to add a to-do; `title` is required.

    Raises:
        InvalidTodoError: naming every field that is missing, unknown or unusable.
    """
    title, completed = _parse(fields, required=frozenset({"title"}))
    return NewTodo(title=title or "", completed=completed or False)


def parse_changes(fields: Mapping[str, object]) -> TodoChanges:
    """Check the object of a client that wants to change a to-do; every field is optional.

    Raises:
        InvalidTodoError: naming every field that is unknown or unusable.
    """
    title, completed = _parse(fields, required=frozenset())
    return TodoChanges(title=title, completed=completed)


def _parse(
    fields: Mapping[str, object], *, required: frozenset[str]
) -> tuple[str | None, bool | None]:
    errors = [
        FieldError(field=name, detail="is not a field of a to-do; known are title and completed")
        for name in fields
        if name not in ("title", "completed")
    ]
    errors += [
        FieldError(field=name, detail="is missing") for name in sorted(required - fields.keys())
    ]
    title = _take(fields, "title", _title, errors)
    completed = _take(fields, "completed", _completed, errors)
    if errors:
        raise InvalidTodoError(errors)
    return title, completed


def _take(
    fields: Mapping[str, object],
    name: str,
    parse: Callable[[object], _T],
    errors: list[FieldError],
) -> _T | None:
    if name not in fields:
        return None
    try:
        return parse(fields[name])
    except _UnusableValueError as error:
        errors.append(FieldError(field=name, detail=str(error)))
        return None


def _title(value: object) -> str:
    if not isinstance(value, str):
        raise _UnusableValueError("must be text")
    title = value.strip()
    if not title:
        raise _UnusableValueError("must not be empty")
    if len(title) > LONGEST_TITLE:
        raise _UnusableValueError(f"has {len(title)} characters; {LONGEST_TITLE} are allowed")
    # Cc: control characters, line ends among them. Cs: half a surrogate pair, which is no text.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in title):
        raise _UnusableValueError("must be one line of text without control characters")
    return title


def _completed(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnusableValueError("must be true or false")
    return value
