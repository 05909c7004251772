"""Who is told when the application is not well, and what there is to look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from todo_infra.errors import ConfigError

from .choices import ZeroOr
from .rules import Text, YesNo

__all__ = ["EMAIL", "MOST_EMAILS", "EmailList", "Observability", "contradictions"]

# Not all of what RFC 5321 allows: what a mistyped address looks like is refused.
EMAIL = r"[A-Za-z0-9._%+-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
# AWS Budgets takes no more:
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateNotification.html
MOST_EMAILS = 10


@dataclass(frozen=True)
class EmailList:
    """A list of addresses; none is allowed, and one that is listed twice counts once."""

    allowed: str = f'a list of at most {MOST_EMAILS} e-mail addresses such as "team@example.com"'

    def parse(self, value: object) -> tuple[str, ...]:
        """Accept addresses only."""
        if not isinstance(value, list):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        if not all(isinstance(item, str) and re.fullmatch(EMAIL, item) for item in value):
            raise ValueError(value)
        emails = tuple(dict.fromkeys(value))
        if len(emails) > MOST_EMAILS:
            raise ValueError(value)
        return emails


@dataclass(frozen=True, kw_only=True)
class Observability:
    """Who is told when the application is not well, and what there is to look at.

    Attributes:
        alarms: Have CloudWatch watch the application, its tasks and its database.
        alarm_emails: Who is told. Each address is asked once whether it wants to be. None
            leaves the alarms to whoever subscribes to their topic.
        dashboard: Show all of it on one page of CloudWatch.
        monthly_budget_usd: Costs of a month, in US dollars, before which people are told; 0
            for none. By default what `todo:capacity` leads to, of what carries `budget_tag`; none
            without that tag.
        budget_tag: Count what carries this tag only, such as `project=todo`. Everything the
            account pays for is counted otherwise. It has to be one of the account's cost
            allocation tags, and on the resources (`aws:defaultTags`), or nothing is counted.
    """

    alarms: Annotated[bool, YesNo()] = True
    alarm_emails: Annotated[tuple[str, ...], EmailList()] = ()
    dashboard: Annotated[bool, YesNo()] = True
    monthly_budget_usd: Annotated[int | None, ZeroOr(1, 10_000_000)] = None
    budget_tag: Annotated[
        str | None,
        Text(r"[\w.:/+@-]{1,128}=[\w.:/+@-]{1,256}", "a tag as key=value, such as project=todo"),
    ] = None


def contradictions(settings: Observability, key: str) -> Iterator[ConfigError]:
    """Yield what no single value shows.

    Args:
        settings: What the stack says.
        key: The full key of the object, such as `todo:observability`.
    """
    budget = settings.monthly_budget_usd or settings.budget_tag
    if budget and not (settings.alarms or settings.alarm_emails):
        yield ConfigError(
            f"{key}.{'monthlyBudgetUsd' if settings.monthly_budget_usd else 'budgetTag'}",
            budget,
            f"{'0' if settings.monthly_budget_usd else 'nothing'} as long as {key}.alarms is false "
            f"and {key}.alarmEmails is empty",
            "Nobody would be told: list somebody in alarmEmails.",
        )
    if settings.budget_tag is not None and settings.monthly_budget_usd == 0:
        yield ConfigError(
            f"{key}.budgetTag",
            settings.budget_tag,
            f"nothing with {key}.monthlyBudgetUsd 0",
            "Remove one of the two.",
        )
