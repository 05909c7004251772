from collections.abc import Callable

import pytest

from tests.infra.recorder import Deployment

Deploy = Callable[..., Deployment]
BUDGET = "aws:budgets/budget:Budget"
TEAM = "team@example.com"


def test_there_is_none_unless_an_amount_or_a_tag_is_named(prod: Deployment, deploy: Deploy) -> None:
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


def test_what_carries_a_tag_has_a_budget_from_the_estimate(deploy: Deploy) -> None:
    deployment = deploy(observability={"budgetTag": "project=todo"})
    (estimate,) = [
        one.inputs["monthlyCostUsd"]
        for one in deployment.registrations
        if one.type == "todo:index:Autoscaling"
    ]
    limit = int(deployment.one(BUDGET).inputs["limitAmount"])
    # People are told at 80 %: as soon as more than the estimate is forecast.
    assert estimate <= limit * 0.8 < estimate + 10


def test_the_estimate_is_no_budget_where_the_amount_says_none(deploy: Deploy) -> None:
    assert deploy(observability={"monthlyBudgetUsd": 0}).all(BUDGET) == []


def test_where_prices_are_not_known_there_is_no_budget_from_them(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo_infra.capacity.plan.load_prices", lambda _region: None)
    assert deploy(observability={"budgetTag": "project=todo"}).all(BUDGET) == []


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
