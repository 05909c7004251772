from datetime import date, timedelta

import pytest

from todo_infra.mysql_support import WARN_DAYS, mysql_line, support_of, warning

END = date(2029, 7, 31)


@pytest.mark.parametrize(("version", "line"), [("8.4", "8.4"), ("8.4.6", "8.4"), ("9.7.1", "9.7")])
def test_a_version_belongs_to_a_line(version: str, line: str) -> None:
    assert mysql_line(version) == line


@pytest.mark.parametrize(
    ("today", "has_ended", "ends_soon"),
    [
        (END - timedelta(days=WARN_DAYS + 1), False, False),
        (END - timedelta(days=WARN_DAYS), False, True),
        (END, False, True),
        (END + timedelta(days=1), True, True),
    ],
)
def test_support_lasts_through_its_last_day(today: date, has_ended: bool, ends_soon: bool) -> None:
    support = support_of("8.4.6", today)
    assert (support.ends, support.successor) == (END, "9.7")
    assert (support.has_ended, support.ends_soon) == (has_ended, ends_soon)


def test_a_day_that_aws_has_not_named_stops_nobody() -> None:
    support = support_of("9.7", date(2040, 1, 1))
    assert not support.announced
    assert (support.has_ended, support.ends_soon) == (False, True)


@pytest.mark.parametrize(
    ("version", "today", "text"),
    [
        ("8.4", END, "MySQL 8.4 ends on 2029-07-31; after that day RDS charges"),
        ("8.4", END + timedelta(days=1), "MySQL 8.4 ended on 2029-07-31; after that day RDS"),
        ("8.4", END, "Upgrade to 9.7: docs/runbook.md says how."),
        ("9.7", date(2031, 7, 1), "MySQL 9.7 ends about 2031-07-31; after"),
        ("9.7", date(2031, 7, 1), "Upgrade to a newer line: "),
    ],
)
def test_a_warning_names_the_day_and_what_comes_next(version: str, today: date, text: str) -> None:
    assert text in str(warning(version, today))


def test_nothing_is_said_long_before() -> None:
    assert warning("8.4", date(2026, 11, 25)) is None
