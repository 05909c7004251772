from collections.abc import Callable

import pytest

from tests.infra.recorder import Deployment

Deploy = Callable[..., Deployment]
BUDGET = "aws:budgets/budget:Budget"
TEAM = "team@example.com"


def test_there_is_none_unless_an_amount_is_named(prod: Deployment, deploy: Deploy) -> None:
    assert prod.all(BUDGET) == []
    assert deploy("local").all(BUDGET) == deploy("dev").all(BUDGET) == []


def test_people_are_told_by_the_topic_before_and_after_it_is_spent(deploy: Deploy) -> None:
    budget = deploy(observability={"monthlyBudgetUsd": 500}).one(BUDGET)
    shared = {
        "comparisonOperator": "GREATER_THAN",
        "thresholdType": "PERCENTAGE",
        "subscriberSnsTopicArns": ["arn:Topic:todo-prod-alarms"],
    }
    assert budget.inputs == {
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "500",
        "limitUnit": "USD",
        "notifications": [
            {"notificationType": "FORECASTED", "threshold": 80, **shared},
            {"notificationType": "ACTUAL", "threshold": 100, **shared},
        ],
    }
    assert "aws:sns/topicPolicy:TopicPolicy" in budget.waits_for_types


def test_without_a_topic_they_are_told_by_mail(deploy: Deploy) -> None:
    settings = {"monthlyBudgetUsd": 500, "alarms": False, "alarmEmails": [TEAM]}
    for one in deploy(observability=settings).one(BUDGET).inputs["notifications"]:
        assert one["subscriberEmailAddresses"] == [TEAM]
        assert "subscriberSnsTopicArns" not in one


@pytest.mark.parametrize(
    ("tag", "value"), [("project=todo", "user:project$todo"), ("a:b=c/d", "user:a:b$c/d")]
)
def test_it_counts_a_tag_where_one_is_named(deploy: Deploy, tag: str, value: str) -> None:
    settings = {"monthlyBudgetUsd": 1, "budgetTag": tag}
    budget = deploy(observability=settings).one(BUDGET)
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": [value]}]
