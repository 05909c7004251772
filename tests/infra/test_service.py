import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.planned import FLOOR
from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment

CLUSTER = "aws:ecs/cluster:Cluster"
SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ROLE = "aws:iam/role:Role"
ROLES = ("todo-prod-execution", "todo-prod-task")
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
Deploy = Callable[..., Deployment]


def statements(deployment: Deployment, policy: str) -> dict[str, dict[str, Any]]:
    text = deployment.one(ROLE_POLICY, policy).inputs["policy"]
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["environment"]}


def test_tasks_run_in_the_private_subnets_without_a_public_address(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["networkConfiguration"] == {
        "subnets": TERRAFORM_OUTPUTS["private_subnet_ids"],
        "securityGroups": ["todo-prod-service-id"],
        "assignPublicIp": False,
    }


def test_a_deployment_leaves_the_task_count_to_autoscaling(prod: Deployment) -> None:
    service = prod.one(SERVICE)
    assert service.ignored == ("desiredCount",)
    assert service.inputs["desiredCount"] == FLOOR


def test_tasks_run_on_demand_where_nothing_else_is_asked_for(prod: Deployment) -> None:
    service = prod.one(SERVICE)
    assert service.inputs["capacityProviderStrategies"] == [
        {"capacityProvider": "FARGATE", "weight": 1}
    ]
    assert "launchType" not in service.inputs
    assert service.inputs["cluster"] == "arn:Cluster:todo-prod-cluster"
    assert "todo-prod-capacity" in service.waits_for
    assert prod.one("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders").inputs == {
        "clusterName": "todo-prod-cluster",
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
    }


@pytest.mark.parametrize("percent", [30, 100])
def test_spare_capacity_is_for_tasks_above_the_floor_only(deploy: Deploy, percent: int) -> None:
    inputs = deploy(deployment={"spotPercent": percent}).one(SERVICE).inputs
    assert inputs["capacityProviderStrategies"] == [
        {"capacityProvider": "FARGATE", "base": FLOOR, "weight": 100 - percent},
        {"capacityProvider": "FARGATE_SPOT", "weight": percent},
    ]


def test_a_change_of_the_strategy_replaces_the_tasks_and_not_the_service(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["forceNewDeployment"] is True


def test_a_task_serves_until_the_load_balancer_has_noticed_that_it_stops(deploy: Deploy) -> None:
    on_demand, spot = deploy(), deploy(deployment={"spotPercent": 50})
    assert variables(on_demand.containers()["app"])["LAME_DUCK_SECONDS"] == "3"
    assert "LAME_DUCK_SECONDS" not in variables(on_demand.containers()["migrate"])
    app = spot.containers()["app"]
    check = spot.one("aws:lb/targetGroup:TargetGroup").inputs["healthCheck"]
    noticed = check["interval"] * check["unhealthyThreshold"]
    # Spare capacity goes within 120 seconds, whatever the task says.
    assert noticed < int(variables(app)["LAME_DUCK_SECONDS"]) < app["stopTimeout"] < 120


def test_a_task_opens_as_many_connections_as_the_plan_counts(deploy: Deploy) -> None:
    containers = deploy(database={"connectionsPerTask": 5}).containers()
    assert variables(containers["app"])["DATABASE_POOL_SIZE"] == "5"
    assert "DATABASE_POOL_SIZE" not in variables(containers["migrate"])


def test_nobody_enters_a_task(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["enableExecuteCommand"] is False
    assert "configuration" not in prod.one(CLUSTER).inputs
    assert "todo-prod-sessions" not in [one.name for one in prod.registrations]
    assert set(statements(prod, "todo-prod-task")) == {"ReadOwnSecret", "DecryptSecrets"}


def test_whoever_enters_a_task_by_name_of_the_switch_is_recorded(deploy: Deploy) -> None:
    deployment = deploy(deployment={"allowExec": True})
    assert deployment.one(SERVICE).inputs["enableExecuteCommand"] is True
    assert deployment.one(CLUSTER).inputs["configuration"]["executeCommandConfiguration"] == {
        "kmsKeyId": "arn:Key:todo-prod-data",
        "logging": "OVERRIDE",
        "logConfiguration": {
            "cloudWatchLogGroupName": "/ecs/todo-prod/sessions",
            "cloudWatchEncryptionEnabled": True,
        },
    }
    log = deployment.one("aws:cloudwatch/logGroup:LogGroup", "todo-prod-sessions").inputs
    assert (log["retentionInDays"], log["kmsKeyId"]) == (365, "arn:Key:todo-prod-data")
    assert deployment.containers()["app"]["readonlyRootFilesystem"] is False


def test_who_enters_a_task_gets_no_more_than_that_takes(deploy: Deploy) -> None:
    found = statements(deploy(deployment={"allowExec": True}), "todo-prod-task")
    channels = [
        "CreateControlChannel",
        "CreateDataChannel",
        "OpenControlChannel",
        "OpenDataChannel",
    ]
    allowed = {sid: (one["Action"], one["Resource"]) for sid, one in found.items()}
    assert allowed == {
        "ReadOwnSecret": (
            ["secretsmanager:GetSecretValue"],
            ["arn:Secret:todo-prod-app-secret"],
        ),
        "DecryptSecrets": (["kms:Decrypt"], ["arn:Key:todo-prod-data"]),
        "OpenSessions": ([f"ssmmessages:{channel}" for channel in channels], ["*"]),
        "FindSessionLog": (["logs:DescribeLogGroups"], ["*"]),
        "RecordSessions": (
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            ["arn:LogGroup:todo-prod-sessions:*"],
        ),
        "DecryptSessions": (["kms:Decrypt"], ["arn:Key:todo-prod-data"]),
    }
    only_sessions = {"Null": {"kms:EncryptionContext:aws:ssm:SessionId": "false"}}
    assert found["DecryptSessions"]["Condition"] == only_sessions


def test_without_a_key_of_the_stacks_own_sessions_need_none(deploy: Deploy) -> None:
    changes = {"deployment": {"allowExec": True}, "encryption": {"customerManagedKey": False}}
    deployment = deploy(**changes)
    assert "DecryptSessions" not in statements(deployment, "todo-prod-task")
    configuration = deployment.one(CLUSTER).inputs["configuration"]["executeCommandConfiguration"]
    assert "kmsKeyId" not in configuration
    assert configuration["logConfiguration"]["cloudWatchEncryptionEnabled"] is False


@pytest.mark.parametrize("insights", ["disabled", "enabled", "enhanced"])
def test_ecs_measures_what_the_stack_says(deploy: Deploy, insights: str) -> None:
    cluster = deploy(logs={"containerInsights": insights}).one(CLUSTER)
    assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": insights}]


@pytest.mark.parametrize(
    ("alarms", "rollback"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_alarms_take_a_deployment_back(deploy: Deploy, alarms: bool, rollback: bool) -> None:
    deployment = deploy(deployment={"alarmRollback": rollback}, observability={"alarms": alarms})
    names = ["todo-prod-errors", "todo-prod-load-balancer-errors"]
    all_of_it = {"enable": True, "rollback": True, "alarmNames": names}
    expected = all_of_it if alarms and rollback else None
    assert deployment.one(SERVICE).inputs.get("alarms") == expected


def test_a_failed_deployment_is_rolled_back(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
    }


def test_a_deployment_never_runs_fewer_tasks_than_before(prod: Deployment) -> None:
    inputs = prod.one(SERVICE).inputs
    assert inputs["deploymentMinimumHealthyPercent"] == 100
    assert inputs["deploymentMaximumPercent"] == 200


def test_an_update_ends_when_the_new_tasks_serve(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["waitForSteadyState"] is True


def test_waiting_can_be_switched_off_by_name(deploy: Deploy) -> None:
    inputs = deploy(deployment={"waitForSteadyState": False}).one(SERVICE).inputs
    assert inputs["waitForSteadyState"] is False


def test_the_application_container_is_the_load_balancers_target(prod: Deployment) -> None:
    assert prod.one(SERVICE).inputs["loadBalancers"] == [
        {
            "targetGroupArn": "arn:TargetGroup:todo-prod-tg",
            "containerName": "app",
            "containerPort": 8080,
        }
    ]


@pytest.mark.parametrize(
    ("platform", "architecture"), [("linux/amd64", "X86_64"), ("linux/arm64", "ARM64")]
)
def test_tasks_run_on_what_the_image_is_built_for(
    deploy: Deploy, platform: str, architecture: str
) -> None:
    task = deploy(image={"platform": platform}).one(TASK).inputs
    assert task["runtimePlatform"]["cpuArchitecture"] == architecture


def test_a_task_has_the_size_the_team_chose(deploy: Deploy) -> None:
    task = deploy(capacity={"taskSize": "large"}).one(TASK).inputs
    assert (task["cpu"], task["memory"]) == ("2048", "4096")
    assert task["networkMode"] == "awsvpc"
    assert task["requiresCompatibilities"] == ["FARGATE"]


def test_a_version_that_somebody_may_go_back_to_is_not_deregistered(prod: Deployment) -> None:
    assert prod.one(TASK).inputs["skipDestroy"] is True


def test_logs_are_kept_as_long_as_the_stack_says(prod: Deployment) -> None:
    group = prod.one("aws:cloudwatch/logGroup:LogGroup", "todo-prod-logs")
    assert group.inputs["retentionInDays"] == 365
    assert group.inputs["kmsKeyId"] == "arn:Key:todo-prod-data"
    options = prod.containers()["app"]["logConfiguration"]["options"]
    assert options["awslogs-group"] == group.inputs["name"]


def test_ecs_may_do_nothing_but_start_these_tasks(prod: Deployment) -> None:
    allowed = {
        sid: (sorted(one["Action"]), one["Resource"])
        for sid, one in statements(prod, "todo-prod-execution").items()
    }
    assert allowed == {
        "RegistryLogin": (["ecr:GetAuthorizationToken"], ["*"]),
        "PullImage": (
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            ["arn:aws:ecr:eu-west-1:111122223333:repository/todo"],
        ),
        "WriteLogs": (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            ["arn:LogGroup:todo-prod-logs:*"],
        ),
        "ReadInjectedSecret": (["secretsmanager:GetSecretValue"], ["arn:rds-managed"]),
        "DecryptSecrets": (["kms:Decrypt"], ["arn:Key:todo-prod-data"]),
    }


def test_no_statement_allows_every_action(prod: Deployment, local: Deployment) -> None:
    for deployment in (prod, local):
        for policy in deployment.all(ROLE_POLICY):
            for statement in statements(deployment, policy.name).values():
                assert not any("*" in action for action in statement["Action"])


def test_the_application_itself_may_read_its_own_secret_and_nothing_else(
    deploy: Deploy,
) -> None:
    deployment = deploy(encryption={"customerManagedKey": False})  # else see test_keys.py
    assert statements(deployment, "todo-prod-task") == {
        "ReadOwnSecret": {
            "Sid": "ReadOwnSecret",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": ["arn:Secret:todo-prod-app-secret"],
        }
    }


def test_each_role_has_one_policy_and_one_user(prod: Deployment) -> None:
    task = prod.one(TASK).inputs
    assert task["taskRoleArn"] == "arn:Role:todo-prod-task"
    assert task["executionRoleArn"] == "arn:Role:todo-prod-execution"
    for role in ROLES:
        assert len([one for one in prod.all(ROLE_POLICY) if one.inputs["role"] == role]) == 1
        assert "managedPolicyArns" not in prod.one(ROLE, role).inputs
        attached = prod.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        assert role not in [one.inputs["role"] for one in attached]


def test_only_ecs_tasks_of_this_account_take_the_roles(prod: Deployment) -> None:
    for role in ROLES:
        (statement,) = json.loads(prod.one(ROLE, role).inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_both_containers_are_told_where_the_database_is(prod: Deployment) -> None:
    for container in prod.containers().values():
        environment = variables(container)
        environment.pop("LAME_DUCK_SECONDS", None)
        environment.pop("DATABASE_POOL_SIZE", None)
        assert environment == {
            "DATABASE_HOST": "db.example",
            "DATABASE_PORT": "3306",
            "DATABASE_NAME": "todo",
            "DATABASE_SECRET_ARN": "arn:Secret:todo-prod-app-secret",
            "DATABASE_CA_FILE": "/app/certs/aws-rds-global-bundle.pem",
            "FORWARDED_HOPS": "1",
        }
