import datetime as dt
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from todo_policies.parameters import PolicyConfigError
from todo_policies.waivers import Ledger, read_waivers, today

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

RULE = "database-deletion-protection"
PROBLEM = "deletionProtection is False, but has to be True."
NOTED = "Ada, until 2027-03-31: It is moved to another account"
LAST_DAY = dt.date(2027, 3, 31)
WAIVER = {
    "resource": "database",
    "owner": "Ada",
    "reason": "It is moved to another account.",
    "until": "2027-03-31",
}


def waived(*waivers: dict[str, str], rule: str = RULE) -> dict[str, dict[str, Any]]:
    return {rule: {"waivers": list(waivers)}}


@pytest.fixture
def broken(stack: "Stack") -> "Stack":
    stack["database"].props["deletionProtection"] = False
    return stack


def said(
    stack: "Stack", config: dict[str, dict[str, Any]], today: dt.date = LAST_DAY
) -> list[tuple[str, str, str]]:
    violations = stack.judge(RULE, "waivers", config=config, today=today)
    return [(one.rule, one.resource, one.message.partition("\nFix: ")[0]) for one in violations]


def test_a_waiver_in_force_lets_through_and_is_printed(broken: "Stack") -> None:
    assert said(broken, waived(WAIVER)) == [
        (
            "waivers",
            "database",
            f"database: {RULE} is waived ({NOTED}).\nWaived: {PROBLEM}",
        )
    ]


def test_after_its_last_day_the_violation_is_back_and_says_why(broken: "Stack") -> None:
    [violation] = said(broken, waived(WAIVER), today=LAST_DAY + dt.timedelta(days=1))
    assert violation == (
        RULE,
        "database",
        f"database: {PROBLEM}\nIts waiver has expired ({NOTED}).",
    )


def test_the_longest_of_two_waivers_counts(broken: "Stack") -> None:
    ended = {**WAIVER, "until": "2020-01-01"}
    assert [rule for rule, _, _ in said(broken, waived(ended, WAIVER))] == ["waivers"]


@pytest.mark.parametrize(
    "glob", ["database", "data*", "*", "urn:pulumi:*::todo::aws:rds/instance:Instance::database"]
)
def test_names_and_urns_are_matched(broken: "Stack", glob: str) -> None:
    assert [rule for rule, _, _ in said(broken, waived({**WAIVER, "resource": glob}))] == [
        "waivers"
    ]


@pytest.mark.parametrize("glob", ["Database", "atabase", "other", "urn:pulumi:*::database2"])
def test_a_waiver_of_something_else_changes_nothing_and_is_named(
    broken: "Stack", glob: str
) -> None:
    assert said(broken, waived({**WAIVER, "resource": glob})) == [
        (RULE, "database", f"database: {PROBLEM}"),
        (
            "waivers",
            "",
            f"{RULE}: the waiver of {glob} matches nothing ({NOTED}).",
        ),
    ]


def test_a_waiver_of_what_is_no_violation_matches_nothing(stack: "Stack") -> None:
    [(rule, _, message)] = said(stack, waived(WAIVER))
    assert rule == "waivers"
    assert "matches nothing" in message


def test_only_the_waived_resource_is_let_through(broken: "Stack") -> None:
    broken["second"] = type(broken["database"])(
        type=broken["database"].type, props=broken["database"].props
    )
    assert [(rule, name) for rule, name, _ in said(broken, waived(WAIVER))] == [
        (RULE, "second"),
        ("waivers", "database"),
    ]


def test_a_rule_on_the_databases_path_ignores_waivers_and_says_so(stack: "Stack") -> None:
    rule = "database-tls-required"
    stack["parameters"].props["parameters"] = []
    violations = stack.judge(rule, "waivers", config=waived(WAIVER, rule=rule), today=LAST_DAY)
    assert [(one.rule, one.resource) for one in violations] == [(rule, "database"), ("waivers", "")]
    assert violations[1].message.startswith(
        f"{rule}: its waivers are ignored, as this rule cannot be waived."
    )


def test_a_rule_that_nobody_configured_is_not_waived() -> None:
    subject = SimpleNamespace(name="database", urn="urn:database")
    assert Ledger().settle(RULE, subject, PROBLEM) == PROBLEM


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Move this machine into a time zone."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Etc/GMT-14", "Etc/GMT+12"])
def test_the_day_is_the_same_on_every_machine(zone: Callable[[str], None], name: str) -> None:
    before = dt.datetime.now(dt.UTC).date()
    zone(name)
    assert before <= today() <= dt.datetime.now(dt.UTC).date()


def test_without_waivers_nothing_is_printed(stack: "Stack") -> None:
    assert stack.judge("waivers") == []


@pytest.mark.parametrize(
    ("waivers", "problems"),
    [
        ("all", ["waivers is 'all': a list is allowed."]),
        (
            ["all"],
            [
                "waivers[0] is 'all': an object with resource, owner, reason, until is allowed.",
            ],
        ),
        (
            [{**WAIVER, "owner": " "}],
            ["waivers[0].owner is missing: say who answers for it."],
        ),
        (
            [WAIVER, {"resource": "x", "owner": "Ada", "until": "2027-03-31", "who": "Bob"}],
            [
                "waivers[1].who is unknown: allowed are resource, owner, reason, until.",
                "waivers[1].reason is missing: say why, and what makes up for it.",
            ],
        ),
        (
            [{**WAIVER, "until": "31.3.2027"}],
            ["waivers[0].until is '31.3.2027': a day such as 2027-03-31 is allowed."],
        ),
        (
            [{**WAIVER, "until": "2027-02-30"}],
            ["waivers[0].until is '2027-02-30': a day such as 2027-03-31 is allowed."],
        ),
    ],
)
def test_a_waiver_that_is_not_complete_is_refused(waivers: object, problems: list[str]) -> None:
    with pytest.raises(PolicyConfigError) as error:
        read_waivers({"waivers": waivers})
    assert list(error.value.problems) == problems
