from typing import TYPE_CHECKING, Any

import pytest
from pulumi_policy.proxy import UnknownValueError

if TYPE_CHECKING:
    from tests.policies.conftest import Resource, Stack

MANAGED, MASTER = "database-credentials-managed", "database-master-account"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
AT = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
UNROTATED = "manageMasterUserPassword is not True, so nobody rotates the master password."
WRITTEN = "comes from no secret of this stack, so it is written down somewhere."


def use_a_password(stack: "Stack", key: str = "password", source: str | None = None) -> None:
    """Have the program give a password, in place of RDS."""
    del stack["database"].props["manageMasterUserPassword"]
    stack["database"].props[key] = "hunter2"
    if source:
        stack["source"] = type(stack["database"])(type=source, props={})
        stack["database"].sources[key] = ["source"]


def test_rds_keeps_the_master_password(stack: "Stack") -> None:
    assert stack.problems(MANAGED) == []


@pytest.mark.parametrize("value", [False, None])
def test_a_database_without_any_password_is_refused(stack: "Stack", value: object) -> None:
    stack["database"].props["manageMasterUserPassword"] = value
    assert stack.problems(MANAGED) == [f"database: {UNROTATED}"]
    assert stack.problems(MANAGED, managedByRds=False) == [f"database: {UNROTATED}"]


@pytest.mark.parametrize("key", ["password", "passwordWo"])
def test_a_password_that_is_written_down_is_refused(stack: "Stack", key: str) -> None:
    use_a_password(stack, key)
    assert stack.problems(MANAGED, managedByRds=False) == [f"database: {key} {WRITTEN}"]
    assert stack.problems(MANAGED) == [f"database: {key} {WRITTEN}", f"database: {UNROTATED}"]


@pytest.mark.parametrize(
    "source",
    [
        "aws:secretsmanager/secretVersion:SecretVersion",
        "random:index/randomPassword:RandomPassword",
    ],
)
def test_a_password_out_of_a_secret_will_do_where_it_is_allowed(
    stack: "Stack", source: str
) -> None:
    use_a_password(stack, source=source)
    assert stack.problems(MANAGED, managedByRds=False) == []
    assert stack.problems(MANAGED) == [f"database: {UNROTATED}"]


def test_a_password_out_of_something_else_is_written_down(stack: "Stack") -> None:
    use_a_password(stack, source="aws:ec2/securityGroup:SecurityGroup")
    assert stack.problems(MANAGED, managedByRds=False) == [f"database: password {WRITTEN}"]


def test_a_replica_has_its_sources_accounts(stack: "Stack") -> None:
    stack["database"].props = {"replicateSourceDb": UNKNOWN}
    assert stack.problems(MANAGED) == []


def test_a_cluster_has_other_names_for_it(stack: "Stack") -> None:
    cluster = type(stack["database"])(type="aws:rds/cluster:Cluster", props={})
    stack["cluster"] = cluster
    assert stack.problems(MANAGED) == [f"cluster: {UNROTATED}"]
    cluster.props |= {"manageMasterUserPassword": True, "masterPassword": "hunter2"}
    assert stack.problems(MANAGED) == [f"cluster: masterPassword {WRITTEN}"]


def test_no_message_repeats_the_password(stack: "Stack") -> None:
    use_a_password(stack)
    assert "hunter2" not in "".join(one.message for one in stack.judge())


def test_unknown_is_a_violation(stack: "Stack") -> None:
    stack["database"].props["manageMasterUserPassword"] = UNKNOWN
    assert stack.breaking(MANAGED) == ["database"]


@pytest.mark.parametrize(
    ("props", "problems"),
    [
        ({"auths": [{"authScheme": "SECRETS", "secretArn": UNKNOWN}]}, []),
        ({}, ["auths is not set, so no account of the proxy is kept in a secret."]),
        (
            {"auths": [{"authScheme": "SECRETS", "secretArn": ""}, {"username": "todo"}]},
            [
                "auths[0] does not take its account from a secret.",
                "auths[1] does not take its account from a secret.",
            ],
        ),
        (
            {"auths": [{"authScheme": "SECRETS", "secretArn": UNKNOWN}], "debugLogging": True},
            ["debugLogging is True, so that statements are logged with what is in them."],
        ),
    ],
)
def test_a_proxy_takes_its_accounts_from_secrets(
    stack: "Stack", props: dict[str, Any], problems: list[str]
) -> None:
    stack["proxy"] = type(stack["database"])(type="aws:rds/proxy:Proxy", props=props)
    assert stack.problems(MANAGED) == [f"proxy: {problem}" for problem in problems]


def container(stack: "Stack") -> dict[str, Any]:
    found: dict[str, Any] = stack["task"].props["containerDefinitions"][0]
    return found


MASTERS = [
    ("DATABASE_ADMIN_PASSWORD", f"{AT}todo-AbCdEf:password::"),
    ("DATABASE_MASTER_SECRET", f"{AT}todo-AbCdEf"),
    ("ROOT_PASSWORD", f"{AT}todo-AbCdEf"),
    ("DATABASE_PASSWORD", f"{AT}rds!db-1234-AbCdEf:password::"),
    ("DATABASE_PASSWORD", f"{AT}todo-prod-master-secret-1a2b3c-AbCdEf:password::"),
]


@pytest.mark.parametrize(("name", "source"), MASTERS)
def test_what_serves_does_not_get_the_masters_secret(
    stack: "Stack", name: str, source: str
) -> None:
    container(stack)["secrets"] = [{"name": name, "valueFrom": source}]
    assert stack.problems(MASTER) == [
        f"task: container app serves, but gets the master's secret as {name}."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_SECRET_ARN", f"{AT}rds!db-1234-AbCdEf"), ("DATABASE_ADMIN_USER", "todo_admin")],
)
def test_what_serves_is_not_told_of_the_master(stack: "Stack", name: str, value: str) -> None:
    container(stack)["environment"].append({"name": name, "value": value})
    assert stack.problems(MASTER) == [
        f"task: container app serves, but is told of the master by {name}."
    ]


@pytest.mark.parametrize(("name", "source"), MASTERS)
def test_what_ends_before_may_have_it(stack: "Stack", name: str, source: str) -> None:
    secrets = [{"name": name, "valueFrom": source}]
    migrate = {"name": "migrate", "essential": False, "secrets": secrets}
    stack["task"].props["containerDefinitions"].append(migrate)
    assert stack.problems(MASTER) == []
    migrate["portMappings"] = [{"containerPort": 8080}]
    assert len(stack.problems(MASTER)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("DATABASE_PASSWORD", f"{AT}todo-prod-app-secret-AbCdEf:password::"),
        ("ADMINISTRATIVE_CONTACT", f"{AT}contact-AbCdEf"),
        ("DATABASE_PASSWORD", f"{AT}masterplan-AbCdEf"),
    ],
)
def test_what_only_resembles_the_masters_passes(stack: "Stack", name: str, source: str) -> None:
    container(stack)["secrets"] = [{"name": name, "valueFrom": source}]
    assert stack.problems(MASTER) == []


def as_component(stack: "Stack") -> "Resource":
    stack["task"].type = "todo:index:Service"
    return stack["task"]


def test_unknown_values_of_a_component_are_left_to_the_update(stack: "Stack") -> None:
    as_component(stack)
    container(stack)["secrets"] = [{"name": "DATABASE_PASSWORD", "valueFrom": UNKNOWN}]
    assert stack.problems(MASTER) == []
    container(stack)["secrets"][0]["name"] = "DATABASE_ADMIN_PASSWORD"
    assert len(stack.problems(MASTER)) == 1


def test_a_serving_container_is_found_behind_one_that_ends(stack: "Stack") -> None:
    container(stack)["secrets"] = [
        {"name": "DATABASE_ADMIN_PASSWORD", "valueFrom": f"{AT}app-AbCdEf"}
    ]
    definitions = stack["task"].props["containerDefinitions"]
    definitions.insert(0, {"name": "migrate", "essential": False})
    assert [problem.split()[2] for problem in stack.problems(MASTER)] == ["app"]


def test_an_unknown_essential_counts_as_serving(stack: "Stack") -> None:
    as_component(stack)
    container(stack)["essential"] = UNKNOWN
    assert stack.breaking(MASTER) == ["task"]


def test_wholly_unknown_definitions_are_left_to_the_update(stack: "Stack") -> None:
    stack["task"].props["containerDefinitions"] = UNKNOWN
    with pytest.raises(UnknownValueError):
        stack.judge(MASTER)


@pytest.mark.parametrize("key", ["password", "passwordWo"])
def test_a_replica_has_no_password_of_its_own(stack: "Stack", key: str) -> None:
    stack["database"].props |= {"replicateSourceDb": "todo", key: "hunter2"}
    assert stack.problems(MANAGED) == [
        f"database: {key} is set, but a replica's accounts are its source's."
    ]


@pytest.mark.parametrize("handshake", ["MYSQL_NATIVE_PASSWORD", "POSTGRES_MD5"])
def test_a_proxys_clients_do_not_log_in_by_a_weak_hash(stack: "Stack", handshake: str) -> None:
    account = {"authScheme": "SECRETS", "secretArn": f"{AT}x", "clientPasswordAuthType": handshake}
    props = {"requireTls": True, "auths": [account]}
    stack["proxy"] = type(stack["database"])(type="aws:rds/proxy:Proxy", props=props)
    assert stack.problems(MANAGED) == [f"proxy: auths[0] lets clients log in by {handshake}."]
