"""MiniStack, and what AWS does and its clients rely on, but MiniStack does not.

A service tells its zone rebalancing: else each preview shows a difference, since what was asked for
is not there. A repeated `CreateSecret` gets the first one's answer: the SDK repeats what it got
no answer to, and would be told that the secret exists. A label such as AWSPENDING is on one version
of a secret: the second rotation would offer the first one's password. And a task gets credentials
that an SDK takes: it asks for a task's only at the addresses of AWS's own agents, where MiniStack
is not. And a database is found by its resource id, and no other: by that Terraform's provider waits
for one to be gone, which it never was as long as another one was there. It tells the key of its
performance insights: else each update would set it again, which takes minutes. And a new replica is
reachable, and protected only if it is asked for.

How tasks start, serve and end is in `emulator_containers` and `emulator_tasks`, what becomes of
deployments in `emulator_deployments`.
"""

from __future__ import annotations

import inspect
import json
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import alb, ecs, rds, secretsmanager

from local import emulator_databases, emulator_metrics
from local.emulator_containers import StartOrder
from local.emulator_deployments import Deployments
from local.emulator_tasks import Tasks
from local.load_balancer import state
from local.load_balancer.controller import Controller
from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import Ports
from local.load_balancer.model import LoadBalancer, TargetGroup

__all__ = [
    "answering_repeats",
    "finding_resource_ids",
    "giving_usable_credentials",
    "keeping_insights_key",
    "keeping_zone_rebalancing",
    "moving_labels",
    "replicating",
    "telling_insights_key",
]

_SETTING = "availabilityZoneRebalancing"
_DEFAULT = "ENABLED"  # AWS's own since September 2025
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}  # nobody checks them
_INSIGHTS_KEY = "PerformanceInsightsKMSKeyId"
_PROTECTION = "DeletionProtection"
_ENVIRONMENT = "env"  # the parameter that holds a container's variables, to be added to

Request = dict[str, Any]
Answer = tuple[int, dict[str, str], Any]
Handler = Callable[[Request], Answer]
Select = Callable[[Sequence[Request], Mapping[str, Any]], list[Request]]


def keeping_zone_rebalancing(handle: Handler, services: dict[str, dict[str, Any]]) -> Handler:
    """Wrap `CreateService` or `UpdateService` so that the setting is described afterwards."""

    def handler(request: Request) -> Answer:
        answer = handle(request)
        wanted = request.get("service") or request.get("serviceName")
        for service in services.values():
            if wanted in (service["serviceName"], service["serviceArn"]):
                service[_SETTING] = request.get(_SETTING) or service.get(_SETTING, _DEFAULT)
        return answer

    return handler


def answering_repeats(handle: Handler) -> Handler:
    """Wrap an action so that a request with a token seen before gets the same answer again."""
    answers: dict[str, Answer] = {}

    def handler(request: Request) -> Answer:
        token = request.get("ClientRequestToken")
        if token is not None and token in answers:
            return answers[token]
        answer = handle(request)
        if token is not None and answer[0] == HTTPStatus.OK:
            answers[token] = answer
        return answer

    return handler


def moving_labels(handle: Handler, take_from_others: Callable[[str, str, str], None]) -> Handler:
    """Wrap `PutSecretValue` so that the new version's labels are taken from the others.

    Args:
        handle: the action.
        take_from_others: takes a secret's id, a label, and the version that keeps it.
    """

    def handler(request: Request) -> Answer:
        answer = handle(request)
        if answer[0] == HTTPStatus.OK:
            version = json.loads(answer[2])["VersionId"]
            for label in request.get("VersionStages") or ():
                take_from_others(request["SecretId"], label, version)
        return answer

    return handler


def finding_resource_ids(select: Select) -> Select:
    """Wrap what applies filters to databases so that it knows that of the resource id."""

    def selecting(instances: Sequence[Request], filters: Mapping[str, Any]) -> list[Request]:
        found = select(instances, filters)
        wanted = filters.get("dbi-resource-id")
        return [each for each in found if wanted is None or each["DbiResourceId"] in wanted]

    return selecting


def keeping_insights_key(handle: Handler, instances: Mapping[str, Request]) -> Handler:
    """Wrap what makes or changes a database so that it keeps the key for its insights."""

    def handler(request: Request) -> Answer:
        answer = handle(request)
        instance = instances.get(rds._p(request, "DBInstanceIdentifier"))  # noqa: SLF001
        if answer[0] == HTTPStatus.OK and instance is not None and _INSIGHTS_KEY in request:
            instance[_INSIGHTS_KEY] = rds._p(request, _INSIGHTS_KEY)  # noqa: SLF001
        return answer

    return handler


def telling_insights_key(describe: Callable[[Request], str]) -> Callable[[Request], str]:
    """Wrap what describes a database as XML so that the key for its insights is in there."""

    def describing(instance: Request) -> str:
        key = instance.get(_INSIGHTS_KEY, "")
        return f"{describe(instance)}<{_INSIGHTS_KEY}>{key}</{_INSIGHTS_KEY}>"

    return describing


def replicating(handle: Handler, instances: Mapping[str, Request]) -> Handler:
    """Wrap `CreateDBInstanceReadReplica` so that it answers, protected if asked.

    MiniStack copies nothing: what answers where the replica says it is, is its source.
    """

    def handler(request: Request) -> Answer:
        answer = handle(request)
        if answer[0] == HTTPStatus.OK:
            replica = instances[rds._p(request, "DBInstanceIdentifier")]  # noqa: SLF001
            replica[_PROTECTION] = rds._p(request, _PROTECTION) == "true"  # noqa: SLF001
            source = instances[replica["ReadReplicaSourceDBInstanceIdentifier"]]
            replica["Endpoint"] = dict(source["Endpoint"])
        return answer

    return handler


def giving_usable_credentials(
    register: Callable[..., Any], region: Callable[[], str]
) -> Callable[..., Any]:
    """Wrap what fills a container's variables so that an SDK in there can sign its requests."""
    parameters = inspect.signature(register)

    def registering(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - MiniStack's, passed on
        answer = register(*args, **kwargs)
        variables = parameters.bind(*args, **kwargs).arguments[_ENVIRONMENT]
        for name in [name for name in variables if name.startswith("AWS_CONTAINER_")]:
            del variables[name]
        variables |= {"AWS_REGION": region(), **_CREDENTIALS}
        return answer

    return registering


def _extend() -> None:
    # MiniStack offers no other way in; its exact version is pinned.
    actions, services = ecs._ACTION_MAP, ecs._services  # noqa: SLF001
    for action in ("CreateService", "UpdateService"):
        actions[action] = keeping_zone_rebalancing(actions[action], services)
    ecs._register_metadata = giving_usable_credentials(ecs._register_metadata, ecs.get_region)  # noqa: SLF001
    StartOrder(ecs).extend()
    Deployments(ecs).extend()
    _extend_databases()
    create = secretsmanager._create_secret  # noqa: SLF001
    secretsmanager._create_secret = answering_repeats(create)  # noqa: SLF001
    put = secretsmanager._put_secret_value  # noqa: SLF001
    secretsmanager._put_secret_value = moving_labels(put, _take_label_from_others)  # noqa: SLF001


def _extend_databases() -> None:
    actions, instances = rds._ACTION_MAP, rds._instances  # noqa: SLF001
    replicate = "CreateDBInstanceReadReplica"
    for action in ("CreateDBInstance", replicate, "ModifyDBInstance"):
        actions[action] = keeping_insights_key(actions[action], instances)
    actions[replicate] = replicating(actions[replicate], instances)
    rds._apply_instance_filters = finding_resource_ids(rds._apply_instance_filters)  # noqa: SLF001
    rds._instance_xml = telling_insights_key(rds._instance_xml)  # noqa: SLF001
    emulator_databases.extend()


def _take_label_from_others(secret_id: str, label: str, version: str) -> None:
    _, secret = secretsmanager._resolve(secret_id)  # noqa: SLF001
    secretsmanager._remove_stage_everywhere(secret, label, except_version_id=version)  # noqa: SLF001


def _balance_load() -> None:
    """Serve the load balancers of the default account and region beside MiniStack."""
    account, region = get_account_id(), get_region()

    def read() -> tuple[Sequence[LoadBalancer], Sequence[TargetGroup]]:
        with request_scope(account, region):
            return state.load_balancers(alb), state.target_groups(alb)

    def replace() -> None:
        with request_scope(account, region):
            tasks.replace_unhealthy()

    proxy = HAProxy(Path(tempfile.mkdtemp()))
    controller = Controller(
        read,
        proxy,
        Ports(
            http=int(os.environ["LOAD_BALANCER_HTTP_PORT"]),
            https=int(os.environ["LOAD_BALANCER_HTTPS_PORT"]),
        ),
        Path(os.environ["LOAD_BALANCER_CERTIFICATE"]),
    )
    tasks = Tasks(ecs, alb, controller)
    tasks.extend()
    threading.Thread(
        target=controller.run_forever, args=(replace,), name="load-balancer", daemon=True
    ).start()
    emulator_metrics.publish(proxy, controller)


if __name__ == "__main__":
    _extend()
    if "LOAD_BALANCER_HTTP_PORT" in os.environ:  # where only other services are wanted, none is
        _balance_load()
    main()
