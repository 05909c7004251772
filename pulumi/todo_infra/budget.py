"""What a month may cost, before people are told."""

import math
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .capacity import CapacityPlan

__all__ = ["Budget", "BudgetArgs", "budget_usd"]

# By kind: how much of the budget. What is forecast can still be changed.
_WARNINGS = {"FORECASTED": 80, "ACTUAL": 100}
_STEP_USD = 10


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """How much, of what, and who is told.

    Attributes:
        settings: The stack's config.
        plan: What a month is expected to cost.
        topic_arn: Who is told; None for each address of `todo:observability.alarmEmails`.
    """

    settings: config.Settings
    plan: CapacityPlan
    topic_arn: pulumi.Input[str] | None


def budget_usd(settings: config.Settings, plan: CapacityPlan) -> int:
    """Return the stack's budget; 0 for none.

    Where the config names no amount it is the estimate, as far as there is one, of what carries
    the stack's tag: people are told when more than the estimate is forecast. Of a whole account,
    which may pay for other things too, the estimate says nothing.
    """
    stated = settings.observability.monthly_budget_usd
    if stated is not None:
        return stated
    if plan.cost is None or not settings.observability.budget_tag:
        return 0
    share = _WARNINGS["FORECASTED"] / 100
    return math.ceil(plan.cost.usd / share / _STEP_USD) * _STEP_USD


class Budget(pulumi.ComponentResource):
    """A budget of the account, or none.

    Costs have no stack. They are limited to a tag where the stack's config names one, which the
    account has to have made a cost allocation tag, and which has to be on the resources: a
    budget of any other tag sees no costs at all.
    """

    def __init__(
        self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Budget", name, None, opts)
        settings, amount = args.settings.observability, budget_usd(args.settings, args.plan)
        if amount:
            aws.budgets.Budget(
                f"{name}-budget",
                budget_type="COST",
                time_unit="MONTHLY",
                limit_amount=str(amount),
                limit_unit="USD",
                cost_filters=_filters(settings),
                notifications=[
                    aws.budgets.BudgetNotificationArgs(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                        **_subscribers(args),
                    )
                    for kind, percent in _WARNINGS.items()
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _subscribers(args: BudgetArgs) -> dict[str, list[pulumi.Input[str]]]:
    """Return who is told: the topic tells the addresses by itself."""
    if args.topic_arn is not None:
        return {"subscriber_sns_topic_arns": [args.topic_arn]}
    return {"subscriber_email_addresses": [*args.settings.observability.alarm_emails]}


def _filters(settings: config.Observability) -> list[aws.budgets.BudgetCostFilterArgs] | None:
    if settings.budget_tag is None:
        return None
    key, _, value = settings.budget_tag.partition("=")
    # Tags that people made begin with "user:".
    return [aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:{key}${value}"])]
