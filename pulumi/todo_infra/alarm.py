"""What an alarm is; see `alarm_table` for those that there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["HOUR", "MINUTE", "Alarm", "Metric", "Subject"]

MINUTE = 60
HOUR = 60 * MINUTE

Subject = Literal["load_balancer", "targets", "service", "database", "replica", "rotation"]
Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of the subject.

    Attributes:
        namespace: The service it comes from, such as AWS/RDS.
        name: What that calls it.
        statistic: How one value is made of those of a period.
    """

    namespace: str
    name: str
    statistic: str


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm.

    Attributes:
        name: What people call it; its place in docs/runbook.md, after "alarm-".
        subject: What is watched, once for each of them that the stack has.
        means: In plain words.
        first: What to do first.
        metrics: What is measured, by the name that `expression` has for it.
        expression: What is compared, of more than one metric; None compares the only one.
        comparison: When it is too much, or too little.
        threshold: Of what.
        periods: How many of the last periods are looked at.
        breaching: How many of them have to be bad.
        period: Their length in seconds.
        missing: What a period without a value counts as.
        why_missing: Why.
        rolls_back: Takes a deployment back that is under way.
    """

    name: str
    subject: Subject
    means: str
    first: str
    metrics: Mapping[str, Metric]
    threshold: float
    missing: Literal["notBreaching", "breaching"]
    why_missing: str
    expression: str | None = None
    comparison: Comparison = "GreaterThanThreshold"
    periods: int = 5
    breaching: int = 5
    period: int = MINUTE
    rolls_back: bool = False

    @property
    def description(self) -> str:
        """What the mail says."""
        return f"{self.means} First: {self.first} See docs/runbook.md#alarm-{self.name}"
