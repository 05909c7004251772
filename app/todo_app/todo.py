"""What a to-do is, and what a client may say about one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

__all__ = [
    "LARGEST_ORDER",
    "LONGEST_TITLE",
    "Changes",
    "FieldError",
    "InvalidFieldsError",
    "NewTodo",
    "Todo",
    "parse_changes",
    "parse_completion",
    "parse_new_todo",
]

_T = TypeVar("_T")

LONGEST_TITLE: Final = 255
"""Characters (code points), as MySQL counts them in `VARCHAR(255)`."""

LARGEST_ORDER: Final = 2**53 - 1
"""The largest integer that every JSON client reads exactly (RFC 8259, section 6)."""

# Control characters, line ends among them, and halves of surrogate pairs, which are no text.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Todo(msgspec.Struct, frozen=True, gc=False):
    """A to-do as it is stored.

    Made for every row of an answer, so of the kind that is made fastest: a tenth of a named tuple.

    Attributes:
        order: where it stands in its list; equal ones stand in the order of their ids.
        version: 1 at first, one more with every change.
    """

    id: int
    title: str
    completed: bool
    order: int
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTodo:
    """A to-do that has no id yet; without an `order` it goes to the end."""

    title: str
    completed: bool = False
    order: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """New values; None leaves the old one."""

    title: str | None = None
    completed: bool | None = None
    order: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """What is wrong with one field of a client's object."""

    field: str
    detail: str


class InvalidFieldsError(Exception):
    """A client's object has unusable fields; `errors` has all of them."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field} {error.detail}" for error in errors))
        self.errors = tuple(errors)


class _UnusableValueError(Exception):
    pass


def parse_new_todo(fields: Mapping[str, object]) -> NewTodo:
    """Check the object of a client that wants to add a to-do; `title` is required.

    Raises:
        InvalidFieldsError: naming every field that is missing, unknown or unusable.
    """
    reader = _Fields(fields, known=("title", "completed", "order"), required=("title",))
    title, completed = reader.take("title", _title), reader.take("completed", _completed)
    order = reader.take("order", _order)
    reader.check()
    return NewTodo(title=title or "", completed=completed or False, order=order)


def parse_changes(fields: Mapping[str, object]) -> Changes:
    """Check the object of a client that wants to change a to-do; every field is optional.

    Raises:
        InvalidFieldsError: naming every field that is unknown or unusable.
    """
    reader = _Fields(fields, known=("title", "completed", "order"))
    changes = Changes(
        title=reader.take("title", _title),
        completed=reader.take("completed", _completed),
        order=reader.take("order", _order),
    )
    reader.check()
    return changes


def parse_completion(fields: Mapping[str, object]) -> bool:
    """Check the object of a client that wants to complete or reopen a whole list.

    Raises:
        InvalidFieldsError: naming every field that is missing, unknown or unusable.
    """
    reader = _Fields(fields, known=("completed",), required=("completed",))
    completed = reader.take("completed", _completed)
    reader.check()
    return bool(completed)


class _Fields:
    """Takes fields out of a client's object and collects what is wrong with any of them."""

    def __init__(
        self,
        fields: Mapping[str, object],
        *,
        known: tuple[str, ...],
        required: tuple[str, ...] = (),
    ) -> None:
        self._fields = fields
        self._errors = [
            FieldError(field=_quoted(name), detail=f"is not known here; known: {', '.join(known)}")
            for name in fields
            if name not in known
        ]
        self._errors += [
            FieldError(field=name, detail="is missing") for name in required if name not in fields
        ]

    def take(self, name: str, parse: Callable[[object], _T]) -> _T | None:
        if name not in self._fields:
            return None
        try:
            return parse(self._fields[name])
        except _UnusableValueError as error:
            self._errors.append(FieldError(field=name, detail=str(error)))
            return None

    def check(self) -> None:
        if self._errors:
            raise InvalidFieldsError(self._errors)


def _quoted(name: str) -> str:
    """A name of the client's own choice, made short and printable."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", name[:40])


def _title(value: object) -> str:
    if not isinstance(value, str):
        raise _UnusableValueError("must be text")
    title = value.strip()
    if not title:
        raise _UnusableValueError("must not be empty")
    if len(title) > LONGEST_TITLE:
        raise _UnusableValueError(f"has {len(title)} characters; {LONGEST_TITLE} are allowed")
    if _UNPRINTABLE.search(title):
        raise _UnusableValueError("must be one line of text without control characters")
    return title


def _completed(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnusableValueError("must be true or false")
    return value


def _order(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON does not tell 1.0 from 1
    if not isinstance(value, int) or isinstance(value, bool):
        raise _UnusableValueError("must be a whole number")
    if not -LARGEST_ORDER <= value <= LARGEST_ORDER:
        raise _UnusableValueError(f"must be between -{LARGEST_ORDER} and {LARGEST_ORDER}")
    return value
