import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.planned import CEILING, FLOOR, TARGET
from tests.infra.recorder import OWN_MASTER, PROJECT_ROOT, Deployment

Deploy = Callable[..., Deployment]
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"


def widgets(deployment: Deployment) -> list[dict[str, Any]]:
    body = json.loads(deployment.one(DASHBOARD).inputs["dashboardBody"])
    found: list[dict[str, Any]] = body["widgets"]
    return found


def graph(deployment: Deployment, title: str) -> dict[str, Any]:
    (found,) = [
        one["properties"]
        for one in widgets(deployment)
        if one["properties"].get("title", "").startswith(title)
    ]
    properties: dict[str, Any] = found
    return properties


def limits(properties: dict[str, Any]) -> dict[str, int]:
    return {line["label"]: line["value"] for line in properties["annotations"]["horizontal"]}


def test_its_name_has_the_region_as_an_account_has_one_list_for_all(prod: Deployment) -> None:
    assert prod.one(DASHBOARD).inputs["dashboardName"] == "todo-prod-eu-west-1"


def test_the_room_to_grow_is_on_top(prod: Deployment) -> None:
    first, *_ = widgets(prod)
    assert (first["x"], first["y"]) == (0, 0)
    room = graph(prod, "Room to grow")
    assert first["properties"] == room
    assert room["metrics"] == [
        [
            *("AWS/ECS", "CPUUtilization"),
            *("ClusterName", "todo-prod-cluster", "ServiceName", "todo-prod-service"),
            {"stat": "SampleCount", "label": "running"},
        ]
    ]
    assert limits(room) == {"allowed": CEILING, "at least": FLOOR}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Requests of one task", {"more tasks above": TARGET * 60}),
        ("Use of the tasks", {"more tasks above (CPU)": 60, "(memory)": 75}),
        ("Database: connections", {"at most": 682}),
    ],
)
def test_what_has_a_limit_shows_it(prod: Deployment, title: str, expected: dict[str, int]) -> None:
    assert limits(graph(prod, title)) == expected


@pytest.mark.parametrize(
    ("title", "metrics"),
    [
        ("Requests in a minute", [("RequestCount", "Sum")]),
        ("Errors", [("HTTPCode_Target_5XX_Count", "Sum"), ("HTTPCode_ELB_5XX_Count", "Sum")]),
        ("Seconds until", [("TargetResponseTime", "p50"), ("TargetResponseTime", "p99")]),
        ("Database: CPU", [("CPUUtilization", "Average")]),
        ("Database: connections", [("DatabaseConnections", "Maximum")]),
        ("Database: bytes free", [("FreeStorageSpace", "Minimum")]),
    ],
)
def test_what_users_and_the_database_see(
    prod: Deployment, title: str, metrics: list[tuple[str, str]]
) -> None:
    found = graph(prod, title)["metrics"]
    assert [(metric[1], metric[-1]["stat"]) for metric in found] == metrics


def test_widgets_fill_the_page_and_do_not_overlap(deploy: Deploy) -> None:
    taken: set[tuple[int, int]] = set()
    for one in widgets(deploy(database={"readReplicas": 2}, databaseOperations=OWN_MASTER)):
        cells = {
            (one["x"] + column, one["y"] + row)
            for column in range(one["width"])
            for row in range(one["height"])
        }
        assert not cells & taken
        taken |= cells
    assert {column for column, _ in taken} == set(range(24))
    assert len(taken) == 24 * (6 + 6 + 6 + 3)


def test_replicas_have_lines_of_their_own(prod: Deployment, deploy: Deploy) -> None:
    assert not [one for one in widgets(prod) if "Replicas" in json.dumps(one)]
    deployment = deploy(database={"readReplicas": 2}, databaseOperations=OWN_MASTER)
    labels = ["replica 1", "replica 2"]
    lag = graph(deployment, "Replicas: seconds behind")["metrics"]
    assert [metric[-1]["label"] for metric in lag] == labels
    cpu = graph(deployment, "Database: CPU")["metrics"]
    assert [metric[-1]["label"] for metric in cpu] == ["database", *labels]
    assert len({metric[3] for metric in cpu}) == 3


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {},
            (
                "Without `todo:observability.monthlyBudgetUsd` or `budgetTag` nobody is told of "
                "high costs. About **"
            ),
        ),
        ({"monthlyBudgetUsd": 9}, "The budget is **9 USD** a month, for the whole account."),
        (
            {"monthlyBudgetUsd": 9, "budgetTag": "project=todo"},
            "The budget is **9 USD** a month, for project=todo.",
        ),
    ],
)
def test_costs_are_below(deploy: Deploy, settings: dict[str, Any], text: str) -> None:
    last = widgets(deploy(observability=settings))[-1]
    assert last["type"] == "text"
    assert text in last["properties"]["markdown"]


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_it_is_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    assert deploy(stack).all(DASHBOARD) == []


def test_the_weekly_look_of_the_growth_page_names_graphs_that_are_there(prod: Deployment) -> None:
    page = (PROJECT_ROOT / "docs" / "growth.md").read_text()
    named = re.findall(r"^\| \*(.+?)\* \|", page, flags=re.MULTILINE)
    titles = [one["properties"].get("title") for one in widgets(prod)]
    texts = "".join(one["properties"].get("markdown", "") for one in widgets(prod))
    assert len(named) == 8
    assert [name for name in named if name not in titles and f"### {name}\n" not in texts] == []
