"""docs/runbook.md calls things as the program does."""

from collections.abc import Callable

import pytest

from tests.infra.recorder import Deployment
from tests.runbook import PAGE

Deploy = Callable[..., Deployment]
LOGS = "aws:cloudwatch/logGroup:LogGroup"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
FUNCTION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"


@pytest.mark.parametrize(
    ("type_", "key", "name"),
    [
        (LOGS, "name", "/ecs/todo-prod"),
        (LOGS, "name", "aws-waf-logs-todo-prod"),
        (TASK, "family", "todo-prod-app"),
        (FUNCTION, "name", "todo-prod-app-rotation"),
    ],
)
def test_a_name_on_the_page_is_that_of_a_thing(
    deploy: Deploy, type_: str, key: str, name: str
) -> None:
    made = deploy(secrets={"rotationDays": 30}).all(type_)
    assert name in [each.inputs[key] for each in made]
    assert name in PAGE.text.replace("$STACK", "prod")
