"""Fields of a to-do, whatever a client puts into them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todo_app.openapi import DOCUMENT
from todo_app.todo import (
    LARGEST_ORDER,
    LONGEST_TITLE,
    Changes,
    FieldError,
    InvalidFieldsError,
    NewTodo,
    parse_changes,
    parse_completion,
    parse_new_todo,
)

NOT_TEXT: Final = ("Cc", "Cs")
TITLE = re.compile(json.loads(DOCUMENT)["components"]["schemas"]["Title"]["pattern"])

# The same examples in every run, however slow the machine.
repeatable = settings(derandomize=True, database=None, deadline=None, max_examples=200)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
titles = st.text(
    st.characters(exclude_categories=NOT_TEXT), min_size=1, max_size=LONGEST_TITLE
).filter(str.strip)
orders = st.integers(-LARGEST_ORDER, LARGEST_ORDER)
names = st.sampled_from(["title", "completed", "order", "id", "Title", ""]) | st.text(max_size=5)
PARSERS: list[Callable[[Mapping[str, object]], Any]] = [
    parse_new_todo,
    parse_changes,
    parse_completion,
]


@repeatable
@given(titles, st.booleans(), orders)
def test_takes_every_usable_todo(title: str, completed: bool, order: int) -> None:
    fields = {"title": title, "completed": completed, "order": order}
    expected = {"title": title.strip(), "completed": completed, "order": order}
    assert parse_new_todo(fields) == NewTodo(**expected)  # type: ignore[arg-type]
    assert parse_changes(fields) == Changes(**expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("parse", PARSERS)
@repeatable
@given(fields=st.dictionaries(names, anything, max_size=5))
def test_answers_or_names_the_wrong_fields(
    parse: Callable[[Mapping[str, object]], Any], fields: dict[str, object]
) -> None:
    errors: Sequence[FieldError] = ()
    found = None
    try:
        found = parse(fields)
    except InvalidFieldsError as error:
        errors = error.errors
    if found is None:
        assert errors
        for wrong in errors:
            assert len(wrong.field) <= 40
            assert all(unicodedata.category(c) not in NOT_TEXT for c in wrong.field)
            assert wrong.detail
        return
    known = {"completed"} if parse is parse_completion else {"title", "completed", "order"}
    assert fields.keys() <= known
    if not isinstance(found, bool):
        assert found.title is None or (0 < len(found.title) <= LONGEST_TITLE)
        assert found.order is None or type(found.order) is int
        assert found.completed is None or type(found.completed) is bool


@repeatable
@given(st.text(max_size=LONGEST_TITLE))
def test_the_descriptions_pattern_allows_what_is_allowed(title: str) -> None:
    try:
        parse_changes({"title": title})
    except InvalidFieldsError:
        allowed = False
    else:
        allowed = True
    text = all(unicodedata.category(c) != "Cs" for c in title)  # JSON has no halves of pairs
    if text and title == title.strip():  # spaces around are dropped before it is judged
        assert bool(TITLE.search(title)) == allowed


@repeatable
@given(st.text(min_size=1).filter(lambda name: name not in ("title", "completed", "order")))
def test_an_unknown_field_is_named(name: str) -> None:
    with pytest.raises(InvalidFieldsError) as caught:
        parse_changes({name: 1})
    (error,) = caught.value.errors
    assert error.detail == "is not known here; known: title, completed, order"
    assert len(error.field) == min(len(name), 40)


@repeatable
@given(st.integers(min_value=LARGEST_ORDER + 1) | st.integers(max_value=-LARGEST_ORDER - 1))
def test_an_order_that_some_clients_would_round_is_refused(order: int) -> None:
    with pytest.raises(InvalidFieldsError, match="order must be between"):
        parse_changes({"order": order})


def test_no_change_is_a_change_too() -> None:
    assert parse_changes({}) == Changes()
