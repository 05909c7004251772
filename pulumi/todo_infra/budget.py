"""What a month may cost, before people are told."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config

__all__ = ["Budget", "BudgetArgs"]

# By kind: how much of the budget. What is forecast can still be changed.
_WARNINGS = {"FORECASTED": 80, "ACTUAL": 100}


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """How much, of what, and who is told.

    Attributes:
        settings: The stack's config; without `todo:observability.monthlyBudgetUsd` nothing is
            made.
        topic_arn: Who is told; None for each address of `todo:observability.alarmEmails`.
    """

    settings: config.Settings
    topic_arn: pulumi.Input[str] | None


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
        settings = args.settings.observability
        if settings.monthly_budget_usd:
            aws.budgets.Budget(
                f"{name}-budget",
                budget_type="COST",
                time_unit="MONTHLY",
                limit_amount=str(settings.monthly_budget_usd),
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
