"""The service: the intended version, by definition and digest, as often as asked for, and served.

ECS takes a bad version back by itself, and calls that success; what asked for it may do so, too
(pulumi-awsx#1848, pulumi-aws#4487). Here it is none.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ops.verify.deployed import Deployed
from ops.verify.ended import end_of, went_wrong
from ops.verify.lines import Line, failed, passed
from ops.verify.tasks import containers_of, tasks_of

__all__ = ["service_lines"]

# Of what ECS says, the newest with each of these words.
_FAILURES = ("rolling back", "rolled back", "fail", "unable", "unhealthy")

Json = Mapping[str, Any]


def service_lines(
    deployed: Deployed,
    ecs: Any,  # noqa: ANN401 - boto3's, as the next two
    elbv2: Any,  # noqa: ANN401
    logs: Any,  # noqa: ANN401
) -> Iterator[Line]:
    """Say whether the service runs what was deployed last."""
    cluster, name = deployed.outputs["cluster"], deployed.outputs["service"]
    found = ecs.describe_services(cluster=cluster, services=[name])["services"]
    if not found or found[0]["status"] != "ACTIVE":
        yield failed("deployment", f"ECS has no service {name} that is active in {cluster}.")
        return
    service = found[0]
    tasks = _tasks(ecs, service, "RUNNING")
    yield _deployment(deployed, ecs, logs, service)
    yield _count(deployed, service, tasks)
    yield _image(deployed, tasks)
    for group in service.get("loadBalancers", ()):
        yield _targets(elbv2, group["targetGroupArn"], service["desiredCount"])


def _deployment(deployed: Deployed, ecs: Any, logs: Any, service: Json) -> Line:  # noqa: ANN401 - boto3's
    wanted = deployed.one("aws:ecs/taskDefinition:TaskDefinition")["arn"]
    primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
    if primary is None:
        return failed("deployment", "ECS has no primary deployment.")
    running = primary["taskDefinition"]
    if running != wanted:
        return failed(
            "deployment",
            f"{_short(running)} runs, and not {_short(wanted)}, which was deployed last. "
            f"{_why(deployed, ecs, logs, service)}",
        )
    state, said = primary.get("rolloutState", "unknown"), primary.get("rolloutStateReason", "")
    if state != "COMPLETED":
        why = f" {_why(deployed, ecs, logs, service)}" if state == "FAILED" else ""
        return failed("deployment", f"{_short(wanted)} is {state}: {said}{why}")
    return passed("deployment", f"{_short(wanted)} is deployed: {said or state}")


def _why(deployed: Deployed, ecs: Any, logs: Any, service: Json) -> str:  # noqa: ANN401 - boto3's
    """Return all that ECS and the version itself say of its not being there."""
    wanted = deployed.one("aws:ecs/taskDefinition:TaskDefinition")["arn"]
    told = [
        *_service_deployments(ecs, service),
        *(
            one.get("rolloutStateReason", "")
            for one in service["deployments"]
            if one["status"] == "PRIMARY" or one["taskDefinition"] == wanted
        ),
        *(one["message"] for one in service.get("events", ())[:20]),
    ]
    newest = [next((text for text in told if word in text.lower()), "") for word in _FAILURES]
    stopped = [
        task
        for task in _tasks(ecs, service, "STOPPED")
        if task["taskDefinitionArn"] == wanted and went_wrong(task, deployed)
    ]
    ended = f"A task of it ended: {end_of(stopped[0], deployed, logs)}" if stopped else ""
    said = " ".join(dict.fromkeys(text.strip() for text in [*newest, ended] if text))
    return said or "ECS gives no reason: somebody may have chosen it by hand."


def _service_deployments(ecs: Any, service: Json) -> list[str]:  # noqa: ANN401 - boto3's
    """Return ECS's own reason of the last deployment; who may not ask for it goes without."""
    try:
        listed = ecs.list_service_deployments(
            cluster=service["clusterArn"], service=service["serviceArn"]
        )
    except ClientError:
        return []
    return [one.get("statusReason", "") for one in listed.get("serviceDeployments", ())[:1]]


def _tasks(ecs: Any, service: Json, status: str) -> list[Json]:  # noqa: ANN401 - boto3's
    return tasks_of(ecs, service["clusterArn"], service["serviceName"], status)


def _count(deployed: Deployed, service: Json, tasks: list[Json]) -> Line:
    wanted, desired = (
        deployed.one("aws:ecs/taskDefinition:TaskDefinition")["arn"],
        service["desiredCount"],
    )
    well = [
        one
        for one in tasks
        if one["lastStatus"] == "RUNNING" and one["taskDefinitionArn"] == wanted
    ]
    others = len(tasks) - len(well)
    text = f"{len(well)} of {desired} run {_short(wanted)}"
    if len(well) == desired and not others and not service["pendingCount"]:
        return passed("tasks", text) if desired else failed("tasks", "none is asked for")
    return failed("tasks", f"{text}; {others} others, {service['pendingCount']} starting")


def _image(deployed: Deployed, tasks: list[Json]) -> Line:
    intended = deployed.image_digest
    running = {
        str(container.get("imageDigest") or container.get("image", "").partition("@")[2])
        for task in tasks
        for container in containers_of(task, deployed)
    }
    if running == {intended}:
        return passed("image", f"every container runs {intended[:19]}…")
    other = ", ".join(sorted(f"{one[:19] or 'unknown'}…" for one in running - {intended}))
    if not running:
        return failed("image", "no task runs, so no image does")
    return failed("image", f"{other} runs, and not only {intended[:19]}…, which was deployed last")


def _targets(elbv2: Any, group: str, desired: int) -> Line:  # noqa: ANN401 - boto3's
    described = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    states = [(one["Target"]["Id"], one["TargetHealth"]) for one in described]
    healthy = sum(health["State"] == "healthy" for _, health in states)
    bad = [
        f"{target} is {health['State']}: {health.get('Description') or health.get('Reason', '')}"
        for target, health in states
        if health["State"] not in {"healthy", "draining"}
    ]
    if bad or healthy < desired or not healthy:
        told = "; ".join([f"{healthy} of {desired} are healthy", *bad])
        return failed("targets", told)
    return passed("targets", f"{healthy} of {desired} are healthy")


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
