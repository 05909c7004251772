import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recorder import OWN_MASTER
from tests.policies.judged import UNKNOWN, Judged, record
from todo_policies.stack_references import DATABASE_OF_THIS_STACK, KEY_OF_THIS_STACK

TASK = "aws:ecs/taskDefinition:TaskDefinition"
PROXY = "aws:rds/proxy:Proxy"
FUNCTION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"
FOREIGN = "arn:aws:kms:eu-west-1:999900001111:key/other"
KEYS = [
    ("aws:rds/instance:Instance", "kmsKeyId"),
    ("aws:rds/instance:Instance", "masterUserSecretKmsKeyId"),
    ("aws:rds/instance:Instance", "performanceInsightsKmsKeyId"),
    ("aws:secretsmanager/secret:Secret", "kmsKeyId"),
    ("aws:cloudwatch/logGroup:LogGroup", "kmsKeyId"),
    ("aws:sns/topic:Topic", "kmsMasterKeyId"),
    ("awsx:cloudtrail:Trail", "kmsKeyId"),
]


def everything() -> Judged:
    return record(
        "prod",
        database={"readReplicas": 1},
        databaseOperations={"proxy": True, **OWN_MASTER},
        secrets={"rotationDays": 30},
    )


@pytest.fixture
def stack() -> Judged:
    return everything()


def change_containers(stack: Judged, change: Callable[[dict[str, Any]], object]) -> list[str]:
    task = stack.of(TASK)
    definitions = json.loads(task.inputs["containerDefinitions"])
    change(definitions[1])
    task.inputs["containerDefinitions"] = json.dumps(definitions)
    return stack.judge(DATABASE_OF_THIS_STACK)


def setting(name: str, value: str) -> Callable[[dict[str, Any]], object]:
    def change(container: dict[str, Any]) -> None:
        kept = [one for one in container["environment"] if one["name"] != name]
        container["environment"] = [*kept, {"name": name, "value": value}]

    return change


@pytest.mark.parametrize("name", ["prod", "dev", "local"])
def test_the_programs_own_stacks_keep_to_themselves(name: str) -> None:
    assert record(name).judge(KEY_OF_THIS_STACK) == []
    assert record(name).judge(DATABASE_OF_THIS_STACK) == []


def test_so_does_a_stack_with_every_option(stack: Judged) -> None:
    assert stack.judge(KEY_OF_THIS_STACK) == []
    assert stack.judge(DATABASE_OF_THIS_STACK) == []


@pytest.mark.parametrize(("type_", "key"), KEYS)
def test_another_accounts_key_is_refused(stack: Judged, type_: str, key: str) -> None:
    stack.of(type_).inputs[key] = FOREIGN
    assert stack.judge(KEY_OF_THIS_STACK) == [
        f"{stack.of(type_).name}: {key} is no key of this stack."
    ]


@pytest.mark.parametrize(
    ("type_", "key"),
    [
        ("aws:rds/cluster:Cluster", "kmsKeyId"),
        ("aws:rds/cluster:Cluster", "masterUserSecretKmsKeyId"),
        ("aws:rds/cluster:Cluster", "performanceInsightsKmsKeyId"),
        ("aws:cloudtrail/trail:Trail", "kmsKeyId"),
    ],
)
def test_other_types_are_judged_like_the_programs(stack: Judged, type_: str, key: str) -> None:
    stack.add(type_, {key: FOREIGN})
    assert len(stack.judge(KEY_OF_THIS_STACK)) == 1


@pytest.mark.parametrize(("type_", "key"), KEYS)
def test_no_key_is_another_rules_affair(stack: Judged, type_: str, key: str) -> None:
    stack.of(type_).inputs.pop(key, None)  # beside replicas, RDS keeps no secret of the master
    assert stack.judge(KEY_OF_THIS_STACK) == []


def test_an_unknown_key_is_looked_up_in_the_engines_graph(stack: Judged) -> None:
    secret = stack.of("aws:secretsmanager/secret:Secret")
    stack.make_unknown(secret, "kmsKeyId")
    for type_, key in KEYS:
        for one in stack.of_type(type_):
            if key in one.inputs:
                one.inputs[key] = UNKNOWN
    stack.of(FUNCTION).inputs["parameters"]["kmsKeyArn"] = UNKNOWN
    assert stack.judge(KEY_OF_THIS_STACK) == []
    secret.sources["kmsKeyId"] = frozenset()
    assert stack.judge(KEY_OF_THIS_STACK) == [f"{secret.name}: kmsKeyId is no key of this stack."]


def test_a_key_that_is_left_out_is_unknown_before_the_update_and_no_problem(stack: Judged) -> None:
    database = stack.of("aws:rds/instance:Instance")
    database.sources.pop("performanceInsightsKmsKeyId")
    database.inputs["performanceInsightsKmsKeyId"] = UNKNOWN
    assert stack.judge(KEY_OF_THIS_STACK) == []


def test_the_rotations_function_has_the_stacks_key(stack: Judged) -> None:
    function = stack.of(FUNCTION)
    function.inputs["parameters"]["kmsKeyArn"] = FOREIGN
    assert stack.judge(KEY_OF_THIS_STACK) == [
        f"{function.name}: parameters.kmsKeyArn is no key of this stack."
    ]
    del function.inputs["parameters"]["kmsKeyArn"]
    assert stack.judge(KEY_OF_THIS_STACK) == []


@pytest.mark.parametrize("name", ["DATABASE_HOST", "DATABASE_READER_HOST"])
@pytest.mark.parametrize("hosts", ["elsewhere.example", "proxy.example, elsewhere.example"])
def test_a_client_is_sent_to_no_other_server(stack: Judged, name: str, hosts: str) -> None:
    assert change_containers(stack, setting(name, hosts)) == [
        (
            f"todo-prod-task: container migrate gets {name} elsewhere.example, "
            "which is no database or proxy of this stack."
        )
    ]


@pytest.mark.parametrize("host", ["", "db.example", "proxy.example", "db.example,proxy.example"])
def test_databases_and_proxies_of_the_stack_are_its_servers(stack: Judged, host: str) -> None:
    assert change_containers(stack, setting("DATABASE_HOST", host)) == []


@pytest.mark.parametrize("key", ["endpoint", "readerEndpoint"])
def test_a_cluster_is_a_server_too(stack: Judged, key: str) -> None:
    stack.add("aws:rds/cluster:Cluster", {key: "cluster.example"})
    assert change_containers(stack, setting("DATABASE_HOST", "cluster.example")) == []


def test_an_account_comes_from_a_secret_of_the_stack(stack: Judged) -> None:
    def change(container: dict[str, Any]) -> None:
        container["secrets"][0]["valueFrom"] += "x"
        secret = container["secrets"][1]["valueFrom"]
        container["secrets"][1]["valueFrom"] = secret.replace("111122223333", "999900001111")

    assert change_containers(stack, change) == [
        (
            "todo-prod-task: container migrate gets DATABASE_ADMIN_PASSWORD "
            "from no secret of this stack."
        )
    ]


def test_the_applications_secret_is_one_of_the_stacks(stack: Judged) -> None:
    arn = stack.of("aws:secretsmanager/secret:Secret").computed["arn"]

    def change(container: dict[str, Any]) -> None:
        container["secrets"] = [{"name": "DATABASE_PASSWORD", "valueFrom": f"{arn}:password::"}]

    assert change_containers(stack, change) == []


def test_a_secret_that_is_no_databases_may_come_from_elsewhere(stack: Judged) -> None:
    def change(container: dict[str, Any]) -> None:
        container["secrets"].append({"name": "API_TOKEN", "valueFrom": f"{FOREIGN}"})

    assert change_containers(stack, change) == []


def test_a_proxy_takes_its_accounts_from_the_stack(stack: Judged) -> None:
    proxy = stack.of(PROXY)
    proxy.inputs["auths"][1]["secretArn"] = FOREIGN
    assert stack.judge(DATABASE_OF_THIS_STACK) == [
        f"{proxy.name}: auths[1].secretArn is no secret of this stack."
    ]
    proxy.inputs["auths"][1]["secretArn"] = UNKNOWN
    assert stack.judge(DATABASE_OF_THIS_STACK) == []
    del proxy.inputs["auths"]
    assert stack.judge(DATABASE_OF_THIS_STACK) == []


def test_an_unknown_text_is_made_from_a_database(stack: Judged) -> None:
    task = stack.of(TASK)
    stack.make_unknown(task, "containerDefinitions")
    for account in stack.of(PROXY).inputs["auths"]:
        account["secretArn"] = UNKNOWN
    assert stack.judge(DATABASE_OF_THIS_STACK) == []
    task.sources.clear()
    assert stack.judge(DATABASE_OF_THIS_STACK) == [
        (
            f"{task.name}: containerDefinitions is unknown before the update, "
            "and made from no database's address."
        )
    ]
