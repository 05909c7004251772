import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pulumi_policy.proxy import UnknownValueError

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
PLAINTEXT, CLIENT = "no-plaintext-credentials", "database-client-verifies-tls"
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE"


def app(stack: "Stack") -> dict[str, Any]:
    """The one container of the compliant stack, to be changed in place."""
    container: dict[str, Any] = stack["task"].props["containerDefinitions"][0]
    return container


def set_variable(stack: "Stack", name: str, value: object) -> None:
    app(stack)["environment"].append({"name": name, "value": value})


def drop_variable(stack: "Stack", name: str) -> None:
    kept = [item for item in app(stack)["environment"] if item["name"] != name]
    app(stack)["environment"] = kept


def declare_in_component(stack: "Stack") -> None:
    """Move the containers to a component's input, where single values can be unknown."""
    stack["task"].type = "todo:index:Service"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PASSWORD", "hunter2"),
        ("database_password", "hunter2"),
        ("DatabasePassword", "hunter2"),
        ("database-password", "hunter2"),
        ("DB_PWD", "hunter2"),
        ("PASSWD", ""),
        ("CLIENT_SECRET", "x"),
        ("SECRET_COLOUR", "x"),
        ("GITHUB_TOKEN", "x"),
        ("AWS_CREDENTIALS", "x"),
        ("KEY_PASSPHRASE", "x"),
        ("API_KEY", "x"),
        ("STRIPE_APIKEY", "x"),
        ("SIGNING_KEY", "x"),
        ("PASSWORD_FILE", "hunter2"),
        ("PASSWORD_ARN", "hunter2"),
        ("DATABASE_URL", "mysql://todo:hunter2@todo.example/todo"),
        ("REDIS", "redis://:hunter2@cache.example"),
        ("NOTE", "id AKIAIOSFODNN7EXAMPLE"),
        ("CERTIFICATE", PRIVATE_KEY),
    ],
)
def test_a_plain_credential_is_refused(stack: "Stack", name: str, value: str) -> None:
    set_variable(stack, name, value)
    [violation] = stack.judge(CLIENT, PLAINTEXT)
    assert (violation.rule, violation.resource) == (PLAINTEXT, "task")
    assert name in violation.message
    assert "hunter2" not in violation.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_USER", "todo_app"),
        ("DATABASE_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("KEYBOARD", "de"),
        ("PARTITION_KEY_COUNT", "3"),
        ("AUTHORITY_PEM", "-----BEGIN CERTIFICATE-----\nMIIE"),
        ("HOMEPAGE", "https://todo.example/a:b@c"),
        ("TOKENIZER", "bpe"),
    ],
)
def test_what_only_resembles_a_credential_passes(stack: "Stack", name: str, value: str) -> None:
    set_variable(stack, name, value)
    assert stack.judge(CLIENT, PLAINTEXT) == []


@pytest.mark.parametrize("member", ["command", "entryPoint"])
def test_a_credential_on_the_command_line_is_refused(stack: "Stack", member: str) -> None:
    app(stack)[member] = ["serve", "mysql://todo:hunter2@todo.example/todo"]
    [violation] = stack.judge(CLIENT, PLAINTEXT)
    assert violation.rule == PLAINTEXT
    assert "hunter2" not in violation.message


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--db-password=hunter2"],
        ["serve", "--password", "hunter2"],
        ["serve", "-password", "hunter2"],
        ["serve", "--verbose", "--api-key", "hunter2", "--once"],
        ["java", "-Dspring.datasource.password=hunter2"],
        ["env", "DB_PASSWORD=hunter2", "serve"],
        ["sh", "-c", "serve --level info --token hunter2"],
        ["sh", "-c", "serve --password=${DB_PASSWORD:-hunter2}"],
        ["serve", "--password-file=hunter2"],
        ["serve", "--secret-arn", "hunter2"],
    ],
)
@pytest.mark.parametrize("member", ["command", "entryPoint", "healthCheck"])
def test_an_option_that_is_a_credential_by_its_name_is_refused(
    stack: "Stack", member: str, words: list[str]
) -> None:
    app(stack)[member] = {"command": words} if member == "healthCheck" else words
    [problem] = stack.problems(PLAINTEXT)
    assert re.fullmatch(
        r"task: container app: its command line gives [\w.-]+, a credential by its name\.", problem
    )
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["serve", "--password-file=/run/secrets/password"],
        ["serve", "--secret-arn", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"],
        ["sh", "-c", 'serve --password="$DB_PASSWORD" --token ${TOKEN}'],
        ["login", "--password-stdin"],
        ["serve", "--password", "--verbose"],
        ["serve", "password", "token"],
        ["serve", "--keyboard", "de", "--max-keys=3"],
    ],
)
def test_a_command_line_may_say_where_a_credential_is(stack: "Stack", words: list[str]) -> None:
    app(stack)["command"] = words
    assert stack.problems(PLAINTEXT) == []


def test_an_option_whose_value_is_unknown_is_judged_by_its_name(stack: "Stack") -> None:
    declare_in_component(stack)
    app(stack)["command"] = ["serve", "--password", UNKNOWN]
    assert stack.breaking(PLAINTEXT) == ["task"]
    app(stack)["command"] = ["serve", "--level", UNKNOWN, "--password-file", UNKNOWN, "now"]
    assert stack.breaking(PLAINTEXT) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("apikey", "x"), ("splunk-token", "x"), ("dd_api_key", "x"), ("url", "https://a:hunter2@b")],
)
def test_a_credential_of_the_log_driver_is_refused(stack: "Stack", name: str, value: str) -> None:
    app(stack)["logConfiguration"] = {"logDriver": "splunk", "options": {"tag": "x", name: value}}
    [problem] = stack.problems(PLAINTEXT)
    assert f"container app: the option {name} of its log driver " in problem
    assert "hunter2" not in problem


def test_a_secret_of_the_log_driver_comes_from_an_arn(stack: "Stack") -> None:
    secret = {"name": "splunk-token", "valueFrom": app(stack)["secrets"][0]["valueFrom"]}
    app(stack)["logConfiguration"] = {"logDriver": "splunk", "secretOptions": [secret]}
    assert stack.problems(PLAINTEXT) == []
    secret["valueFrom"] = "hunter2"
    [problem] = stack.problems(PLAINTEXT)
    assert "the secret splunk-token does not come from" in problem


@pytest.mark.parametrize("unknown", [UNKNOWN, {"logDriver": "awslogs", "options": UNKNOWN}])
def test_an_unknown_log_driver_is_left_to_the_update(stack: "Stack", unknown: object) -> None:
    declare_in_component(stack)
    app(stack)["logConfiguration"] = unknown
    assert stack.problems(PLAINTEXT) == []


def test_variables_of_a_file_in_a_bucket_are_refused(stack: "Stack") -> None:
    app(stack)["environmentFiles"] = [{"value": "arn:aws:s3:::todo/app.env", "type": "s3"}]
    [problem] = stack.problems(PLAINTEXT)
    assert "environmentFiles takes variables from a bucket, where nothing judges them" in problem


@pytest.mark.parametrize(
    "source",
    ["", "hunter2", "todo/password", "arn:aws:s3:::secrets/password", UNKNOWN],
)
def test_a_secret_has_to_come_from_an_arn(stack: "Stack", source: str) -> None:
    app(stack)["secrets"][0]["valueFrom"] = source
    assert stack.breaking(PLAINTEXT) == ["task"]


@pytest.mark.parametrize(
    "source",
    [
        "arn:aws:ssm:eu-central-1:123456789012:parameter/todo/password",
        "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:todo-AbCdEf",
    ],
)
def test_every_kind_of_secret_arn_passes(stack: "Stack", source: str) -> None:
    app(stack)["secrets"][0]["valueFrom"] = source
    assert stack.judge(CLIENT, PLAINTEXT) == []


def test_a_client_without_an_authority_is_refused(stack: "Stack") -> None:
    drop_variable(stack, "DATABASE_CA_FILE")
    [violation] = stack.judge(CLIENT, PLAINTEXT)
    assert (violation.rule, violation.resource) == (CLIENT, "task")
    assert "container app" in violation.message


def test_a_client_with_two_authorities_is_refused(stack: "Stack") -> None:
    set_variable(stack, "DATABASE_CA_PEM", "-----BEGIN CERTIFICATE-----")
    assert stack.breaking(CLIENT) == ["task"]


def test_an_empty_authority_is_none(stack: "Stack") -> None:
    drop_variable(stack, "DATABASE_CA_FILE")
    set_variable(stack, "DATABASE_CA_FILE", "")
    [empty] = stack.problems(CLIENT)
    del app(stack)["environment"][-1]["value"]
    assert stack.problems(CLIENT) == [empty]
    assert "but neither of" in empty


def test_the_authority_itself_will_do_where_it_is_allowed(stack: "Stack") -> None:
    drop_variable(stack, "DATABASE_CA_FILE")
    set_variable(stack, "DATABASE_CA_PEM", "-----BEGIN CERTIFICATE-----")
    assert stack.problems(CLIENT, ownAuthority=True) == []
    assert stack.problems(CLIENT) == [
        "task: container app trusts an authority of its own by DATABASE_CA_PEM."
    ]


def test_a_host_from_a_secret_counts_too(stack: "Stack") -> None:
    drop_variable(stack, "DATABASE_CA_FILE")
    drop_variable(stack, "DATABASE_HOST")
    source = app(stack)["secrets"][0]["valueFrom"]
    app(stack)["secrets"].append({"name": "DATABASE_HOST", "valueFrom": source})
    assert stack.breaking(CLIENT) == ["task"]


def test_a_container_without_a_database_needs_no_authority(stack: "Stack") -> None:
    sidecar = {"name": "sidecar", "environment": [{"name": "LEVEL", "value": "info"}]}
    stack["task"].props["containerDefinitions"].append(sidecar)
    assert stack.judge(CLIENT, PLAINTEXT) == []


def test_each_container_is_judged_by_itself(stack: "Stack") -> None:
    second = {"name": "second", "environment": [{"name": "DATABASE_HOST", "value": "x"}]}
    stack["task"].props["containerDefinitions"].append(second)
    [violation] = stack.judge(CLIENT, PLAINTEXT)
    assert "container second" in violation.message


@pytest.mark.parametrize("definitions", ["not json", '"text"', "{}", "null"])
def test_unreadable_definitions_break_both_rules(stack: "Stack", definitions: str) -> None:
    stack["task"].props["containerDefinitions"] = definitions
    assert stack.breaking(CLIENT, PLAINTEXT) == ["task", "task"]


def test_absent_definitions_break_both_rules(stack: "Stack") -> None:
    del stack["task"].props["containerDefinitions"]
    assert stack.breaking(CLIENT, PLAINTEXT) == ["task", "task"]
    assert "containerDefinitions is not a list." in stack.problems(CLIENT)[0]


def test_wholly_unknown_definitions_are_left_to_the_update(stack: "Stack") -> None:
    stack["task"].props["containerDefinitions"] = UNKNOWN
    # The SDK turns this very error into the advisory that the rule could not run yet.
    with pytest.raises(UnknownValueError):
        stack.judge(CLIENT, PLAINTEXT)


def test_a_components_containers_are_judged_though_values_are_unknown(stack: "Stack") -> None:
    declare_in_component(stack)
    app(stack)["image"] = UNKNOWN
    app(stack)["environment"][0]["value"] = UNKNOWN
    app(stack)["secrets"][0]["valueFrom"] = UNKNOWN
    app(stack)["command"] = ["serve", UNKNOWN]
    set_variable(stack, "DATABASE_SECRET_ARN", UNKNOWN)
    assert stack.judge(CLIENT, PLAINTEXT) == []
    set_variable(stack, "DATABASE_PASSWORD", UNKNOWN)
    drop_variable(stack, "DATABASE_CA_FILE")
    assert stack.breaking(CLIENT, PLAINTEXT) == ["task", "task"]


@pytest.mark.parametrize("member", ["environment", "secrets"])
def test_an_unknown_name_in_a_component_breaks_both_rules(stack: "Stack", member: str) -> None:
    declare_in_component(stack)
    app(stack)[member][0]["name"] = UNKNOWN
    assert stack.breaking(CLIENT, PLAINTEXT) == ["task", "task"]


def test_the_fixture_sends_a_task_definition_as_json(stack: "Stack") -> None:
    sent = stack["task"].as_sent()["containerDefinitions"]
    assert json.loads(sent) == stack["task"].props["containerDefinitions"]
