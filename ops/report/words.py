"""What resources and their properties are called, and what is lost with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ops.report.events import State, Step

__all__ = ["consequence", "is_loud", "noun", "property_words", "rank", "remark"]

_NOUNS: Mapping[str, str] = {
    "aws:appautoscaling/policy:Policy": "scaling rule",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "scheduled capacity",
    "aws:appautoscaling/target:Target": "limits of autoscaling",
    "aws:cloudwatch/logGroup:LogGroup": "log group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "alarm",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "VPC endpoint",
    "aws:ecs/service:Service": "service",
    "aws:ecs/taskDefinition:TaskDefinition": "task definition",
    "aws:iam/role:Role": "role",
    "aws:iam/rolePolicy:RolePolicy": "permissions of a role",
    "aws:kms/alias:Alias": "name of a key",
    "aws:kms/key:Key": "encryption key",
    "aws:lb/listener:Listener": "listener of the load balancer",
    "aws:lb/loadBalancer:LoadBalancer": "load balancer",
    "aws:lb/targetGroup:TargetGroup": "target group",
    "aws:rds/instance:Instance": "database",
    "aws:rds/parameterGroup:ParameterGroup": "parameters of the database",
    "aws:rds/proxy:Proxy": "database proxy",
    "aws:rds/subnetGroup:SubnetGroup": "subnets of the database",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "secret",
    "aws:secretsmanager/secretVersion:SecretVersion": "value of a secret",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "outgoing firewall rule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "incoming firewall rule",
    "aws:wafv2/webAcl:WebAcl": "web firewall",
    "docker:index/image:Image": "container image",
}
# A new one of these is made at every deployment, or takes the old one's place unnoticed.
_HARMLESS = {
    "aws:appautoscaling/policy:Policy",
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:kms/alias:Alias",
    "aws:ecs/taskDefinition:TaskDefinition",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "docker:index/image:Image",
}


_DATA = {
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
}
_INTERRUPTING = {"aws:ecs/service:Service", "aws:lb/loadBalancer:LoadBalancer"}


@dataclass(frozen=True, kw_only=True)
class _Loss:
    replaced: str
    deleted: str


_LOSSES: Mapping[str, _Loss] = {
    "aws:cloudwatch/logGroup:LogGroup": _Loss(
        replaced="The logs in it are lost.", deleted="The logs in it are lost."
    ),
    "aws:ecs/service:Service": _Loss(
        replaced="The application may not answer until the new tasks run.",
        deleted="The application stops answering.",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _Loss(
        replaced="Rules of others that name it have to be made anew.",
        deleted="What only its rules let through is refused.",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _Loss(
        replaced="The service cannot reach what is behind it meanwhile.",
        deleted="What is behind it has to be reached in another way, or cannot be.",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _Loss(
        replaced="Its traffic is refused meanwhile.", deleted="Its traffic is refused."
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _Loss(
        replaced="Its traffic is refused meanwhile.", deleted="Its traffic is refused."
    ),
    "aws:lb/loadBalancer:LoadBalancer": _Loss(
        replaced="Its address changes, and the application does not answer meanwhile.",
        deleted="The application stops answering.",
    ),
    "aws:s3/bucket:Bucket": _Loss(
        replaced="The objects in it are lost.", deleted="The objects in it are lost."
    ),
    "aws:secretsmanager/secret:Secret": _Loss(
        replaced="The secret gets a new ARN, and its value has to be set again.",
        deleted="What it holds can be taken back only within its recovery window.",
    ),
}


def noun(resource_type: str) -> str:
    """Return what a resource of a type is called."""
    if resource_type in _NOUNS:
        return _NOUNS[resource_type]
    return property_words(resource_type.rsplit(":", maxsplit=1)[-1]).lower()


def property_words(path: str) -> str:
    """Return a path in words: `maxCapacity` is `max capacity`; what is in brackets stays."""
    parts = re.split(r"(\[[^\]]*\])", path)
    return " ".join(filter(None, (p if p.startswith("[") else _spaced(p) for p in parts)))


def _spaced(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace(".", " ")).strip()
    return re.sub(r"\b[A-Z][a-z]+", lambda word: word.group().lower(), words)


def rank(step: Step) -> int:
    """Return where a loud step stands: data first, then what interrupts, then the rest."""
    if step.type.startswith("aws:rds/") or step.type in _DATA:
        return 0
    return 1 if step.type in _INTERRUPTING else 2


def is_loud(step: Step) -> bool:
    """Whether a reviewer has to stop at it: something that is there goes, or its protection."""
    if _loses_protection(step):
        return True
    gone = step.op in {"replace", "delete"} and step.type not in _HARMLESS
    return gone and not step.type.startswith(("pulumi:", "todo:"))


def _loses_protection(step: Step) -> bool:
    return bool(step.old and step.new and step.old.protect and not step.new.protect)


def consequence(step: Step) -> str:
    """Say what a loud step costs, in a sentence or more."""
    if step.old is None or (_loses_protection(step) and step.op not in {"replace", "delete"}):
        return "From then on nothing of Pulumi's keeps it from being deleted."
    if step.old.retain:
        return "It stays at AWS, and Pulumi knows of it no more."
    return " ".join(filter(None, [_loss(step, step.old), _guard(step, step.old)]))


def _loss(step: Step, old: State) -> str:
    if step.type == "aws:rds/instance:Instance":
        return _loss_of_database(step, old)
    if step.type == "aws:kms/key:Key":
        days = old.inputs.get("deletionWindowInDays", 30)
        return (
            f"Everything it encrypted, backups included, can be read no more after {days} days, "
            "until when its deletion can be taken back."
        )
    if loss := _LOSSES.get(step.type):
        return loss.replaced if step.op == "replace" else loss.deleted
    return ""


def _loss_of_database(step: Step, old: State) -> str:
    replaced = "A new, **empty** database takes its place. " if step.op == "replace" else ""
    if old.inputs.get("replicateSourceDb"):
        return "It is a copy that answers reads only: no data is lost, its readers go elsewhere."
    if old.inputs.get("skipFinalSnapshot") is True:
        return f"{replaced}**All data in it is lost**: no final snapshot is taken."
    return f"{replaced}Its data is then in a final snapshot only, and has to be restored from it."


def _guard(step: Step, old: State) -> str:
    guards = []
    if old.protect:
        guards.append("Pulumi's `protect`")
    if old.inputs.get("deletionProtection") is True:
        guards.append("AWS's deletion protection")
    if old.inputs.get("enableDeletionProtection") is True:
        guards.append("AWS's deletion protection")
    if guards:
        return f"{' and '.join(guards)} still refuse{'' if len(guards) > 1 else 's'} it."
    if step.type in {"aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"}:
        return "Nothing protects it (`protect` and deletion protection are off)."
    return ""


def remark(step: Step) -> str:
    """Say when an update takes effect and what it interrupts, where that is not at once."""
    if step.op != "update" or step.type != "aws:rds/instance:Instance" or step.new is None:
        return ""
    if not {"instanceClass", "engineVersion"} & set(step.differing):
        return ""
    inputs = step.new.inputs
    window = inputs.get("maintenanceWindow", "next")
    when = "at once" if inputs.get("applyImmediately") else f"in the maintenance window ({window})"
    how = "a failover of about a minute" if inputs.get("multiAz") else "a restart of some minutes"
    return f"Takes effect {when}, with {how}."
