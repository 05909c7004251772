"""What no single value of `todo:databaseOperations` shows, and the rules of its own values."""

from dataclasses import replace
from datetime import date

import pytest

from todo_infra.config.choices import SomeOf, ZeroOr
from todo_infra.config.database import (
    Database,
    DatabaseOperations,
    contradictions,
    replica_contradictions,
)
from todo_infra.config.database_windows import DailyWindow, WeeklyWindow, windows_overlap
from todo_infra.config.rules import Rule

TODAY = date(2026, 11, 25)
KEY = "todo:databaseOperations"


def problems(settings: DatabaseOperations, today: date = TODAY) -> list[str]:
    return [str(problem) for problem in contradictions(settings, KEY, today)]


def is_refused(rule: Rule, value: object) -> bool:
    try:
        rule.parse(value)
    except ValueError:
        return True
    return False


def test_the_defaults_contradict_nothing() -> None:
    assert problems(DatabaseOperations()) == []


def test_backup_and_maintenance_do_not_meet() -> None:
    (problem,) = problems(DatabaseOperations(maintenance_window="sun:03:30-sun:04:30"))
    assert problem == (
        f"{KEY}.maintenanceWindow is 'sun:03:30-sun:04:30'; allowed: a window beside the daily "
        "backup, 03:00-04:00. Move one of the two."
    )


def test_replicas_and_a_managed_master_exclude_each_other_as_rds_has_it() -> None:
    database, managed = Database(read_replicas=2), DatabaseOperations()
    (problem,) = map(str, replica_contradictions(database, managed, "todo"))
    assert problem == (
        "todo:database.readReplicas is 2; allowed: 0, while "
        f"{KEY}.managedMasterPassword is true. RDS copies no database whose master password it "
        "manages. The platform team can have this program make the password: "
        "managedMasterPassword false, and the policy database-credentials-managed told so with "
        "managedByRds false."
    )
    own = replace(managed, managed_master_password=False)
    assert list(replica_contradictions(database, own, "todo")) == []
    assert list(replica_contradictions(Database(), managed, "todo")) == []


def test_a_new_line_cannot_wait_for_the_maintenance_window() -> None:
    settings = DatabaseOperations(allow_major_version_upgrade=True)
    (problem,) = problems(settings)
    assert problem.startswith(
        f"{KEY}.allowMajorVersionUpgrade is True; allowed: true together with applyImmediately. "
        "The old parameter group can only go when the database has left it"
    )
    assert problems(replace(settings, apply_immediately=True)) == []


def test_a_line_whose_support_has_ended_is_refused_with_the_next_one() -> None:
    settings = DatabaseOperations(engine_version="8.4.6")
    assert problems(settings, date(2029, 7, 31)) == []
    (problem,) = problems(settings, date(2029, 8, 1))
    assert problem == (
        f"{KEY}.engineVersion is '8.4.6'; allowed: a line in standard support, which ended on "
        "2029-07-31 for this one. Upgrade to 9.7, or pay for extended support and set "
        f"{KEY}.allowExtendedSupport to true."
    )
    assert problems(replace(settings, allow_extended_support=True), date(2029, 8, 1)) == []


@pytest.mark.parametrize(
    ("daily", "weekly", "expected"),
    [
        ("03:00-04:00", "sun:05:00-sun:06:00", False),
        ("03:00-04:00", "sun:04:00-sun:05:00", False),
        ("03:00-04:00", "sun:02:00-sun:03:00", False),
        ("03:00-04:00", "sun:03:59-sun:05:00", True),
        ("03:00-04:00", "sun:02:00-sun:03:01", True),
        ("03:00-04:00", "sun:02:00-sun:05:00", True),
        ("03:00-04:00", "sun:03:10-sun:03:50", True),
        ("03:00-04:00", "sun:23:00-mon:02:00", False),
        ("03:00-04:00", "sun:23:00-mon:03:30", True),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("23:30-00:30", "mon:00:30-mon:01:30", False),
        ("23:30-00:30", "sun:23:00-sun:23:30", False),
        ("23:30-00:30", "sun:23:00-sun:23:45", True),
    ],
)
def test_windows_that_share_a_minute(daily: str, weekly: str, expected: bool) -> None:
    assert windows_overlap(daily, weekly) is expected


@pytest.mark.parametrize("window", ["03:00-04:00", "03:00-03:30", "23:45-00:15"])
def test_accepts_a_daily_window(window: str) -> None:
    assert DailyWindow().parse(window) == window


@pytest.mark.parametrize(
    "window",
    [
        "03:00-03:29",
        "03:00-03:00",
        "3:00-4:00",
        "24:00-01:00",
        "03:60-04:30",
        "03:00",
        3,
        "sun:03:00-sun:04:00",
        "03:00-04:00-05:00",
        "03:00-sun:04:00",
    ],
)
def test_refuses_a_daily_window(window: object) -> None:
    assert is_refused(DailyWindow(), window)


@pytest.mark.parametrize(
    "window", ["sun:05:00-sun:06:00", "sun:23:45-mon:00:15", "mon:00:00-tue:00:00"]
)
def test_accepts_a_weekly_window(window: str) -> None:
    assert WeeklyWindow().parse(window) == window


@pytest.mark.parametrize(
    "window", ["05:00-06:00", "sun:05:00-sun:05:29", "mon:00:00-tue:00:01", "day:05:00-day:06:00"]
)
def test_refuses_a_weekly_window(window: object) -> None:
    assert is_refused(WeeklyWindow(), window)


def test_zero_is_a_number_and_not_a_switch() -> None:
    rule = ZeroOr(7, 30)
    assert rule.allowed == "0, or a whole number from 7 to 30"
    assert [rule.parse(value) for value in (0, 7, 30)] == [0, 7, 30]
    for value in (False, 6, 31, "0", 0.0, None):
        assert is_refused(rule, value)


def test_some_of_a_few_words_in_their_own_order() -> None:
    rule = SomeOf(("error", "slowquery"))
    assert rule.allowed == "a list of any of error, slowquery"
    assert rule.parse([]) == ()
    assert rule.parse(["slowquery", "error", "error"]) == ("error", "slowquery")
    for value in ("error", ["general"], [1], None):
        assert is_refused(rule, value)
