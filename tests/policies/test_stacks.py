"""The program's own stacks before the pack, each with the configuration that goes with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.policies.judged import Judged, record
from todo_policies import RULES

CONFIG = Path(__file__).parents[2] / "policies" / "config"
DOMAIN = {"certificateArn": None, "domain": "todo.example.com", "hostedZoneId": "Z0123456789ABC"}


def complaints(stack: Judged, environment: str) -> list[str]:
    config = json.loads((CONFIG / f"{environment}.json").read_text())
    found = []
    for rule in RULES:
        stated: dict[str, Any] = dict(config.get(rule.name, {}))
        if stated.pop("enforcementLevel", "mandatory") == "mandatory":
            found += [f"{rule.name}: {one}" for one in stack.judge(rule, **stated)]
    return found


@pytest.mark.parametrize("environment", ["prod", "dev", "local"])
def test_each_stack_passes_with_its_own_configuration(environment: str) -> None:
    assert complaints(record(environment), environment) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"databaseOperations": {"proxy": True}, "secrets": {"rotationDays": 30}},
        {"loadBalancer": DOMAIN},
        {"deployment": {"spotPercent": 50}, "image": {"platform": "linux/arm64"}},
        {"observability": {"monthlyBudgetUsd": 500, "alarms": False, "dashboard": False}},
        {"loadBalancer": {"ingressCidrs": ["192.0.2.0/24", "198.51.100.0/24"]}},
        {"logs": {"containerInsights": "enhanced", "retentionDays": 1827}},
    ],
    ids="+".join,
)
def test_no_option_of_prod_is_a_false_alarm(changes: dict[str, dict[str, Any]]) -> None:
    assert complaints(record("prod", **changes), "prod") == []


def test_people_may_enter_tasks_of_dev_but_not_of_prod() -> None:
    entered = {"deployment": {"allowExec": True}}
    assert complaints(record("dev", **entered), "dev") == []
    rules = {one.partition(":")[0] for one in complaints(record("prod", **entered), "prod")}
    assert rules == {"service-closed-to-people", "container-root-read-only"}


@pytest.mark.parametrize("environment", ["dev", "local"])
def test_a_looser_stack_does_not_pass_as_prod(environment: str) -> None:
    rules = {one.partition(":")[0] for one in complaints(record(environment), "prod")}
    assert {"listeners-use-https", "firewall-in-place", "secret-protected"} <= rules
