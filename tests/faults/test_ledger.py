"""The audit itself: what it must not overlook."""

from __future__ import annotations

import pytest

from tests.faults.http1 import Answer
from tests.faults.ledger import ABSENT, Audit, Ledger, Row, State
from tests.faults.tally import COME_BACK, failure_of

FIRST = State("key-1 as it was added", completed=False)
SECOND = State("key-1 changed", completed=True)
PROBLEM = {"content-type": "application/problem+json", "retry-after": "2"}


def audit(*states: State | None, attempted: State | None = FIRST, rows: list[Row]) -> Audit:
    """Acknowledge states, one after the other, attempt one more, and look at the rows."""
    ledger = Ledger()
    entry = ledger.open("key-1", "a")
    for state in states:
        entry.acknowledged(state)
        entry.id = 1
    if attempted not in states:
        entry.attempted(attempted)
    return ledger.compare(rows)


def row(state: State, *, id_: int = 1) -> Row:
    return Row("a", id_, *state)


@pytest.mark.parametrize(
    ("states", "rows"),
    [
        ((FIRST,), [row(FIRST)]),
        ((FIRST, SECOND), [row(SECOND)]),
        ((FIRST, ABSENT), []),
        ((), [row(FIRST)]),  # the answer was lost on its way
        ((), []),
    ],
)
def test_a_table_that_holds_what_was_acknowledged_is_clean(
    states: tuple[State | None, ...], rows: list[Row]
) -> None:
    assert audit(*states, rows=rows).clean


@pytest.mark.parametrize("attempted", [SECOND, ABSENT])
def test_a_change_without_an_answer_may_have_happened(attempted: State | None) -> None:
    happened = [row(attempted)] if attempted else []
    assert audit(FIRST, attempted=attempted, rows=happened).clean
    assert audit(FIRST, attempted=attempted, rows=[row(FIRST)]).clean


def test_a_lost_write_is_seen() -> None:
    assert len(audit(FIRST, rows=[]).lost) == 1


def test_a_lost_change_is_seen() -> None:
    assert len(audit(FIRST, SECOND, rows=[row(FIRST)]).wrong) == 1


def test_a_lost_deletion_is_seen() -> None:
    assert len(audit(FIRST, ABSENT, rows=[row(FIRST)]).wrong) == 1


def test_two_rows_of_one_key_are_seen() -> None:
    assert audit(FIRST, rows=[row(FIRST), row(FIRST, id_=2)]).duplicates == ("key-1: 2 rows",)


def test_a_row_under_another_id_or_from_nowhere_is_seen() -> None:
    assert audit(FIRST, rows=[row(FIRST, id_=7)]).wrong
    assert audit(FIRST, rows=[row(FIRST), Row("a", 2, "key-2 of nobody", False)]).wrong


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(201, {}, b""), None),
        (Answer(404, PROBLEM, b"{}"), None),
        (Answer(503, PROBLEM, b'{"request_id": "x"}'), COME_BACK),
        (Answer(500, PROBLEM, b'{"request_id": "x"}'), "500"),
        (Answer(503, {"content-type": "text/html"}, b""), "503, not from the application"),
        (Answer(502, {}, b""), "502, not from the application"),
        (Answer(429, PROBLEM, b'{"request_id": "x"}'), "429"),
    ],
)
def test_failures_are_told_apart(answer: Answer, failure: str | None) -> None:
    assert failure_of(answer) == failure
