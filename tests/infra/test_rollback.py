from collections.abc import Callable

import pulumi
import pytest

from tests.infra import cloud
from tests.infra.recorder import Deployment
from todo_infra.rollback import RolledBackError, _verified

FAMILY = "arn:aws:ecs:eu-west-1:111122223333:task-definition/todo-prod-app"


def test_what_was_deployed_runs() -> None:
    assert _verified([f"{FAMILY}:7", f"{FAMILY}:7"]) == f"{FAMILY}:7"


def test_a_version_that_was_taken_back_ends_the_update_with_one_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    with pytest.raises(RolledBackError) as raised:
        _verified([f"{FAMILY}:6", f"{FAMILY}:7"])
    assert isinstance(raised.value, pulumi.RunError), "which the engine shows without a traceback"
    assert str(raised.value) == (
        "ECS took todo-prod-app:7 back: todo-prod-app:6 runs, and serves as before. "
        "`make verify STACK=prod` tells why; mend it, and deploy again."
    )


def test_the_program_does_not_end_well_while_another_version_runs(
    deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        cloud.RESOURCES, "aws:ecs/service:Service", lambda _name, _inputs: {"taskDefinition": "x:6"}
    )
    with pytest.raises(RolledBackError, match="x:6 runs, and serves as before"):
        deploy("prod")
