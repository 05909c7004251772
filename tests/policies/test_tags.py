import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.policies.judged import GONE, record
from todo_policies.resource_types import BUCKET, ECS_SERVICE
from todo_policies.tags import REQUIRED_TAGS, SERVICE_TAGS_ITS_TASKS

TAGS = ("project", "owner")


def check(tags: dict[str, str], default_tags: object = None) -> list[str]:
    """Judge one bucket, whose provider has default tags; the recorder knows no providers."""
    provider = SimpleNamespace(props={"defaultTags": default_tags} if default_tags else {})
    bucket = SimpleNamespace(resource_type=BUCKET, props={"tags": tags}, provider=provider)
    parameters = SimpleNamespace(required=TAGS)
    return list(REQUIRED_TAGS.check(bucket, parameters))


def test_nothing_is_required_unless_configured() -> None:
    assert record().judge(REQUIRED_TAGS) == []
    stack = record()
    problems = stack.judge(REQUIRED_TAGS, required=["owner"])
    assert "todo-prod-cluster: it has no tag owner." in problems
    assert len(problems) > 10


def test_tags_of_its_own_will_do() -> None:
    assert check({"project": "todo", "owner": "team"}) == []
    assert check({"project": "todo", "owner": ""}) == ["it has no tag owner."]


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_tags_of_the_provider_will_do(form: Any) -> None:  # noqa: ANN401 - either of two
    default = form({"tags": {"project": "todo", "owner": "team"}})
    assert check({}, default) == []
    assert check({}, form({"tags": {"project": "todo"}})) == ["it has no tag owner."]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("propagateTags", GONE, "propagateTags is not set"),
        ("propagateTags", "NONE", "propagateTags is NONE"),
        ("enableEcsManagedTags", False, "enableEcsManagedTags is False"),
        ("enableEcsManagedTags", GONE, "enableEcsManagedTags is not set"),
    ],
)
def test_a_service_whose_tasks_have_no_tags_is_refused(
    key: str, value: object, message: str
) -> None:
    stack = record()
    assert stack.judge(SERVICE_TAGS_ITS_TASKS) == []
    stack.change(ECS_SERVICE, key, value)
    [problem] = stack.judge(SERVICE_TAGS_ITS_TASKS)
    assert message in problem


def test_tasks_may_have_the_tags_of_their_definition() -> None:
    stack = record()
    stack.change(ECS_SERVICE, "propagateTags", "TASK_DEFINITION")
    assert stack.judge(SERVICE_TAGS_ITS_TASKS) == []
