from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
import yaml

from tests.infra.recorder import OWN_MASTER, PROJECT_ROOT, stack_config, use_config
from todo_infra import config
from todo_infra.config.rules import key_of, rules_of
from todo_infra.errors import ConfigErrors

DECLARED = yaml.safe_load((PROJECT_ROOT / "Pulumi.yaml").read_text())["config"]
GROUPS: dict[str, type] = {
    key_of(field.name): field.type
    for field in fields(config.Settings)
    if isinstance(field.type, type) and field.name != "region"
}


def load(changes: Mapping[str, Any], stack: str = "prod") -> config.Settings:
    use_config(stack_config(stack) | dict(changes))
    return config.load()


def problems(changes: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(changes)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_every_stack_file_is_accepted(stack: str) -> None:
    assert load({}, stack).region == "eu-west-1"


def test_pulumi_yaml_declares_exactly_the_keys_the_program_reads() -> None:
    assert set(DECLARED) == {f"todo:{name}" for name in GROUPS}


@pytest.mark.parametrize("name", GROUPS)
def test_pulumi_yaml_declares_the_programs_defaults(name: str) -> None:
    settings = GROUPS[name]()
    defaults = {key_of(field.name): getattr(settings, field.name) for field in fields(settings)}
    stated = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in defaults.items()
        if value is not None
    }
    assert DECLARED[f"todo:{name}"]["type"] == "object"
    assert DECLARED[f"todo:{name}"]["default"] == stated


@pytest.mark.parametrize("name", GROUPS)
def test_pulumi_yaml_explains_every_key(name: str) -> None:
    for field_name in rules_of(GROUPS[name]):
        assert key_of(field_name) in DECLARED[f"todo:{name}"]["description"]


def test_a_stack_states_only_what_differs() -> None:
    capacity = load({"todo:capacity": {"maxTasks": 7}}).capacity
    assert (capacity.min_tasks, capacity.max_tasks, capacity.task_size) == (None, 7, "small")


@pytest.mark.parametrize("name", GROUPS)
def test_defaults_hold_when_a_whole_object_is_absent(name: str) -> None:
    values = stack_config("dev")
    if name != "loadBalancer":  # has no usable default: see the test of the certificate
        del values[f"todo:{name}"]
        use_config(values)
        loaded = {key_of(field.name): field.name for field in fields(config.Settings)}
        assert getattr(config.load(), loaded[name]) == GROUPS[name]()


REFUSED: list[tuple[str, str, Any, str]] = [
    ("capacity", "taskSize", "huge", "xsmall | small | medium | large | xlarge"),
    ("capacity", "minTasks", 0, "a whole number from 1 to 500"),
    ("capacity", "minTasks", "3", "a whole number from 1 to 500"),
    ("capacity", "minTasks", True, "a whole number from 1 to 500"),
    ("capacity", "minTasks", 2.5, "a whole number from 1 to 500"),
    ("capacity", "maxTasks", 501, "a whole number from 1 to 500"),
    ("capacity", "expectedRequestsPerSecond", None, "a whole number from 1 to 10000000"),
    ("capacity", "peakRequestsPerSecond", "600/s", "a whole number from 1 to 10000000"),
    ("capacity", "readPercent", 101, "a whole number from 0 to 100"),
    ("capacity", "events", {"name": "sale"}, "a list of events {name, from, until, peakReq"),
    ("database", "size", "db.t3.micro", "xsmall | small | medium | large | xlarge"),
    ("database", "storageGiB", 19, "a whole number from 20 to 16384"),
    ("database", "readReplicas", 6, "a whole number from 0 to 5"),
    ("database", "connectionsPerTask", 201, "a whole number from 1 to 200"),
    ("terraformState", "backend", "gcs", "local | s3 | remote"),
    ("terraformState", "path", "/etc/terraform.tfstate", "a path below the project's root"),
    ("terraformState", "path", "a/../../b", "a path below the project's root"),
    ("terraformState", "path", "", "a path below the project's root"),
    ("terraformState", "bucket", "My_Bucket", "the name of an S3 bucket"),
    ("terraformState", "key", "/network.tfstate", "the state's key in the bucket, without a"),
    ("terraformState", "region", "Ireland", "an AWS region such as eu-west-1"),
    ("terraformState", "workspace", "two words", "the name of a Terraform workspace"),
    ("terraformState", "workspaceKeyPrefix", "env:/", "a prefix of keys, without / at its ends"),
    ("terraformState", "endpoint", "s3.example.com", "a URL such as https://s3.example.com"),
    ("terraformState", "stsEndpoint", "ftp://sts", "a URL such as https://s3.example.com"),
    ("terraformState", "roleArn", "arn:aws:iam::1:role/x", "the ARN of an IAM role"),
    ("terraformState", "externalId", "x y", "an external id"),
    ("terraformState", "profile", "[network]", "the name of an AWS profile"),
    ("terraformState", "hostname", "https://tfe.example", "a host, or host:port, in lower case"),
    ("terraformState", "organization", "Acme Corp", "the name of an organization"),
    ("terraformState", "outputs", {"vpc": "vpc_id"}, "an object that maps vpc_id, public_subnet_"),
    ("terraformState", "outputs", {"vpc_id": "a..b"}, "an object that maps vpc_id, public_subnet_"),
    ("terraformState", "outputs", ["vpc_id"], "an object that maps vpc_id, public_subnet_ids,"),
    ("terraformState", "allowSensitive", "no", "true or false"),
    ("terraformState", "verifySubnets", 1, "true or false"),
    ("image", "registry", "https://mirror.example", "a host, or host:port"),
    ("image", "platform", "windows/amd64", "linux/amd64 | linux/arm64"),
    ("image", "baseImage", "two words", "an image reference"),
    ("image", "cacheFrom", "registry.example/todo:cache", "a list of image references such as"),
    ("databaseOperations", "multiAz", "yes", "true or false"),
    ("databaseOperations", "multiAz", 1, "true or false"),
    ("databaseOperations", "generation", "20261129", "the name of a restore: r and its day"),
    ("databaseOperations", "restore", {"name": "r20261129"}, "an object {name: r20261129,"),
    ("databaseOperations", "backupRetentionDays", 0, "a whole number from 1 to 35"),
    ("databaseOperations", "deletionProtection", "false", "true or false"),
    ("databaseOperations", "finalSnapshot", "false", "true or false"),
    ("databaseOperations", "managedMasterPassword", "false", "true or false"),
    ("databaseOperations", "certificateAuthorityFile", "/ca.pem", "a path below"),
    ("databaseOperations", "engineVersion", "8.0", "a text such as"),
    ("databaseOperations", "engineVersion", 8.4, "a text such as"),
    ("databaseOperations", "backupWindow", "03:00-03:15", "hh:mm-hh:mm in UTC of at least"),
    ("databaseOperations", "maintenanceWindow", "05:00-06:00", "ddd:hh:mm-ddd:hh:mm in UTC"),
    ("databaseOperations", "protect", "false", "true or false"),
    ("databaseOperations", "allowMajorVersionUpgrade", 1, "true or false"),
    ("databaseOperations", "applyImmediately", 1, "true or false"),
    ("databaseOperations", "allowExtendedSupport", 1, "true or false"),
    ("databaseOperations", "iamAuthentication", 1, "true or false"),
    ("databaseOperations", "globalTransactionIds", "ON", "true or false"),
    ("databaseOperations", "logExports", ["audit"], "a list of any of error, slowquery"),
    ("databaseOperations", "slowQuerySeconds", -1, "a whole number from 0 to 3600"),
    ("databaseOperations", "performanceInsights", 1, "true or false"),
    ("databaseOperations", "monitoringSeconds", 2, "0 | 1 | 5 | 10 | 15 | 30 | 60"),
    ("databaseOperations", "proxy", "yes", "true or false"),
    ("encryption", "customerManagedKey", "alias/aws/rds", "true or false"),
    ("encryption", "deletionWindowDays", 6, "a whole number from 7 to 30"),
    ("secrets", "recoveryWindowDays", 6, "0, or a whole number from 7 to 30"),
    ("secrets", "rotationDays", False, "0, or a whole number from 1 to 1000"),
    ("loadBalancer", "ingressCidrs", [], "a list of at least one IPv4 network"),
    ("loadBalancer", "ingressCidrs", "0.0.0.0/0", "a list of at least one IPv4 network"),
    ("loadBalancer", "ingressCidrs", ["10.0.0.1/8"], "a list of at least one IPv4 network"),
    ("loadBalancer", "ingressCidrs", ["::/0"], "a list of at least one IPv4 network"),
    ("loadBalancer", "ingressCidrs", ["10.0.0.1"], "a list of at least one IPv4 network"),
    ("loadBalancer", "certificateArn", "arn:aws:iam::1:role/x", "an ACM ARN"),
    ("loadBalancer", "domain", "*.example.com", "a domain name of at most 64 characters"),
    ("loadBalancer", "domain", "Todo.Example.com", "a domain name of at most 64 characters"),
    ("loadBalancer", "domain", f"{'a.' * 31}com", "a domain name of at most 64 characters"),
    ("loadBalancer", "hostedZoneId", "/hostedzone/Z1", "the id of a hosted zone such as Z0123"),
    ("loadBalancer", "allowPlainHttp", "true", "true or false"),
    ("loadBalancer", "deletionProtection", 0, "true or false"),
    ("loadBalancer", "accessLogs", "yes", "true or false"),
    ("loadBalancer", "accessLogDays", 0, "a whole number from 1 to 3650"),
    ("loadBalancer", "waf", "off", "true or false"),
    ("loadBalancer", "wafLog", "off", "true or false"),
    ("loadBalancer", "rateLimitPerFiveMinutes", 99, "a whole number from 100 to 2000000"),
    ("network", "vpcEndpoints", 1, "true or false"),
    ("network", "flowLogs", "true", "true or false"),
    ("network", "flowLogDays", 8, "1 | 3 | 5 | 7"),
    ("logs", "retentionDays", 8, "1 | 3 | 5 | 7"),
    ("logs", "retentionDays", True, "1 | 3 | 5 | 7"),
    ("logs", "containerInsights", "on", "disabled | enabled | enhanced"),
    ("deployment", "waitForSteadyState", "no", "true or false"),
    ("deployment", "spotPercent", 101, "a whole number from 0 to 100"),
    ("deployment", "allowExec", "yes", "true or false"),
    ("deployment", "alarmRollback", 1, "true or false"),
    ("observability", "alarms", "on", "true or false"),
    ("observability", "alarmEmails", "team@example.com", "a list of at most 10 e-mail addresses"),
    ("observability", "dashboard", 1, "true or false"),
    ("observability", "monthlyBudgetUsd", -1, "0, or a whole number from 1 to 10000000"),
    ("observability", "budgetTag", "project", "a tag as key=value, such as project=todo"),
    ("audit", "trail", "on", "true or false"),
    ("audit", "retentionDays", 0, "a whole number from 90 to 3650"),
    ("audit", "protect", 0, "true or false"),
]


@pytest.mark.parametrize(("group", "key", "value", "allowed"), REFUSED)
def test_names_key_value_and_rule_of_a_refused_value(
    group: str, key: str, value: object, allowed: str
) -> None:
    (problem,) = problems({f"todo:{group}": {key: value}})
    found = "not set" if value is None else repr(value)
    assert problem.startswith(f"todo:{group}.{key} is {found}; allowed: {allowed}")
    assert problem.endswith(f"or remove `todo:{group}.{key}` to have the default.")


def test_every_key_has_a_refused_value_in_the_table() -> None:
    every = {(name, key_of(field)) for name, group in GROUPS.items() for field in rules_of(group)}
    assert {(group, key) for group, key, _, _ in REFUSED} == every


def test_suggests_the_key_that_was_meant() -> None:
    (problem,) = problems({"todo:capacity": {"minTask": 3}})
    assert problem.startswith("todo:capacity.minTask is 3; allowed: only the keys expected")
    assert problem.endswith("Did you mean minTasks?")


def test_refuses_a_key_that_resembles_nothing() -> None:
    (problem,) = problems({"todo:logs": {"colour": "red"}})
    assert problem.endswith("Remove it.")


def test_refuses_an_unknown_object_that_would_be_ignored() -> None:
    (problem,) = problems({"todo:databse": {"size": "large"}})
    assert problem.startswith("todo:databse is ")
    assert problem.endswith("Did you mean database?")


def test_refuses_something_else_in_the_place_of_an_object() -> None:
    (problem,) = problems({"todo:capacity": "small"})
    assert problem.startswith("todo:capacity is 'small'; allowed: an object with the keys expected")


def test_refuses_fewer_tasks_at_most_than_at_least() -> None:
    (problem,) = problems({"todo:capacity": {"minTasks": 5, "maxTasks": 4}})
    assert problem.startswith("todo:capacity.maxTasks is 4; allowed: minTasks (5) or more.")


def test_refuses_a_maintenance_in_the_middle_of_the_backup() -> None:
    (problem,) = problems({"todo:databaseOperations": {"backupWindow": "05:30-06:30"}})
    assert problem.startswith("todo:databaseOperations.maintenanceWindow is 'sun:05:00-sun:06:00'")


def test_refuses_replicas_that_aws_would_refuse_half_way_through_an_update() -> None:
    (problem,) = problems({"todo:database": {"readReplicas": 1}})
    assert problem.startswith("todo:database.readReplicas is 1; allowed: 0, while")
    assert load({"todo:database": {"readReplicas": 1}, "todo:databaseOperations": OWN_MASTER})


def test_refuses_plain_http_unless_it_is_asked_for_by_name() -> None:
    (problem,) = problems({"todo:loadBalancer": {}})
    assert problem.startswith("todo:loadBalancer.certificateArn is not set")
    assert "todo:loadBalancer.allowPlainHttp" in problem
    assert load({"todo:loadBalancer": {"allowPlainHttp": True}}).load_balancer.allow_plain_http


def test_refuses_a_budget_that_nobody_would_be_told_of() -> None:
    (problem,) = problems({"todo:observability": {"alarms": False, "monthlyBudgetUsd": 50}})
    assert problem.startswith("todo:observability.monthlyBudgetUsd is 50; allowed: 0 as long as")


@pytest.mark.parametrize("region", ["Ireland", ""])
def test_refuses_a_region_that_is_none(region: str) -> None:
    (problem,) = problems({"aws:region": region})
    assert problem.startswith(f"aws:region is {region!r}; allowed: an AWS region")


def test_refuses_a_stack_without_a_region() -> None:
    values = stack_config("prod")
    del values["aws:region"]
    use_config(values)
    with pytest.raises(ConfigErrors, match="aws:region is not set"):
        config.load()


def test_reports_all_problems_in_one_message() -> None:
    found = problems({"todo:capacity": {"minTasks": 0}, "todo:logs": {"retentionDays": 8}})
    assert [text.partition(" ")[0] for text in found] == [
        "todo:capacity.minTasks",
        "todo:logs.retentionDays",
    ]


@pytest.mark.parametrize("reference", ["two words", "", 7])
def test_refuses_a_cache_that_is_no_image(reference: object) -> None:
    (problem,) = problems({"todo:image": {"cacheFrom": [reference]}})
    assert problem.startswith("todo:image.cacheFrom is ")


def test_a_network_listed_twice_counts_once() -> None:
    networks = {"ingressCidrs": ["10.0.0.0/8", "10.0.0.0/8"], "allowPlainHttp": True}
    assert load({"todo:loadBalancer": networks}).load_balancer.ingress_cidrs == ("10.0.0.0/8",)


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_no_stack_file_holds_a_secret(stack: str) -> None:
    assert "secure:" not in (PROJECT_ROOT / f"Pulumi.{stack}.yaml").read_text()
