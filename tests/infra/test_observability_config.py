from collections.abc import Mapping
from typing import Any

import pytest

from todo_infra.config.observability import EmailList, Observability, contradictions

TEAM = "team@example.com"


def problems(**settings: Any) -> list[str]:  # noqa: ANN401 - each field has its own type
    return [str(one) for one in contradictions(Observability(**settings), "todo:observability")]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alarms": False},
        {"monthly_budget_usd": 50},
        {"monthly_budget_usd": 50, "budget_tag": "project=todo"},
        {"budget_tag": "project=todo"},
        {"monthly_budget_usd": 50, "alarms": False, "alarm_emails": (TEAM,)},
    ],
)
def test_accepts_what_somebody_can_be_told_of(settings: Mapping[str, Any]) -> None:
    assert problems(**settings) == []


def test_refuses_a_budget_that_nobody_would_be_told_of() -> None:
    (problem,) = problems(monthly_budget_usd=50, alarms=False)
    assert problem == (
        "todo:observability.monthlyBudgetUsd is 50; allowed: 0 as long as "
        "todo:observability.alarms is false and todo:observability.alarmEmails is empty. "
        "Nobody would be told: list somebody in alarmEmails."
    )


def test_refuses_the_tag_of_an_estimated_budget_that_nobody_would_be_told_of() -> None:
    (problem,) = problems(budget_tag="project=todo", alarms=False)
    assert problem == (
        "todo:observability.budgetTag is 'project=todo'; allowed: nothing as long as "
        "todo:observability.alarms is false and todo:observability.alarmEmails is empty. "
        "Nobody would be told: list somebody in alarmEmails."
    )


def test_refuses_the_tag_of_a_budget_that_is_not_there() -> None:
    (problem,) = problems(budget_tag="project=todo", monthly_budget_usd=0)
    assert problem == (
        "todo:observability.budgetTag is 'project=todo'; allowed: nothing with "
        "todo:observability.monthlyBudgetUsd 0. Remove one of the two."
    )


def test_an_address_that_is_listed_twice_counts_once() -> None:
    assert EmailList().parse([TEAM, "a.b+todo@mail.example.co.uk", TEAM]) == (
        TEAM,
        "a.b+todo@mail.example.co.uk",
    )
    assert EmailList().parse([]) == ()


@pytest.mark.parametrize(
    "emails",
    [
        ["team"],
        ["team@example"],
        ["@example.com"],
        ["team@-example.com"],
        ["a b@example.com"],
        ["Team <team@example.com>"],
        ["team@example.com, boss@example.com"],
        [7],
        [f"team{number}@example.com" for number in range(11)],
    ],
)
def test_refuses_what_cannot_be_written_to(emails: list[object]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        EmailList().parse(emails)
