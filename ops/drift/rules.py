"""What no resource of the stack stands for, in groups, roles and databases: somebody was let in.

Rules of a group, policies of a role and replicas of a database are resources of their own, so that
one more is no difference to Pulumi.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.report.events import Step

__all__ = ["strange_policies", "strange_replicas", "strange_rules"]

_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_RULES = {
    "ingress": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "egress": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
}
_PEERS = {
    "cidrBlocks": "cidrIpv4",
    "ipv6CidrBlocks": "cidrIpv6",
    "prefixListIds": "prefixListId",
    "securityGroups": "referencedSecurityGroupId",
}
_ALL = "-1"
_ROLE = "aws:iam/role:Role"
_INLINE = "aws:iam/rolePolicy:RolePolicy"
_ATTACHED = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_INSTANCE = "aws:rds/instance:Instance"

Json = Mapping[str, Any]
# Group, protocol, first and last port, and who is at the other end.
_Rule = tuple[str, str, int, int, str]


def strange_rules(refreshed: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Yield group, direction and words for each rule that is nobody's."""
    for direction, type_ in _RULES.items():
        ours = {
            _of_resource(one.new.inputs)
            for one in refreshed
            if one.type == type_ and one.new is not None
        }
        for group in refreshed:
            if group.type != _GROUP or group.new is None:
                continue
            for rule in _in_group(group.new.inputs, direction):
                if rule not in ours:
                    yield group, direction, _words(direction, rule)


def _in_group(outputs: Json, direction: str) -> Iterator[_Rule]:
    group = str(outputs.get("id", ""))
    for entry in outputs.get(direction) or ():
        protocol = str(entry["protocol"])
        peers = [str(one) for kind in _PEERS for one in entry.get(kind) or ()]
        peers += [group] if entry.get("self") else []
        for peer in peers:
            yield _rule(group, protocol, entry, peer.rpartition("/")[2] if "sg-" in peer else peer)


def _of_resource(outputs: Json) -> _Rule:
    peer = next((str(outputs[key]) for key in _PEERS.values() if outputs.get(key)), "")
    protocol = str(outputs.get("ipProtocol"))
    peer = peer.rpartition("/")[2] if "sg-" in peer else peer
    return _rule(str(outputs.get("securityGroupId")), protocol, outputs, peer)


def _rule(group: str, protocol: str, ports: Json, peer: str) -> _Rule:
    if protocol == _ALL:
        return group, protocol, 0, 0, peer
    return group, protocol, int(ports.get("fromPort") or 0), int(ports.get("toPort") or 0), peer


def _words(direction: str, rule: _Rule) -> str:
    _, protocol, first, last, peer = rule
    ports = f"port {first}" if first == last else f"ports {first} to {last}"
    what = "everything" if protocol == _ALL else f"{protocol} {ports}"
    where = "in from" if direction == "ingress" else "out to"
    return f"lets {what} {where} {peer}, by a rule that is not the stack's"


def strange_policies(refreshed: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Yield role, property and words for each policy that is nobody's."""
    ours = {
        (str(one.new.inputs.get("role")), str(one.new.inputs.get(key)))
        for type_, key in ((_INLINE, "name"), (_ATTACHED, "policyArn"))
        for one in refreshed
        if one.type == type_ and one.new is not None
    }
    for role in refreshed:
        if role.type != _ROLE or role.new is None:
            continue
        outputs = role.new.inputs
        has = [("inlinePolicies", one.get("name")) for one in outputs.get("inlinePolicies") or ()]
        has += [("managedPolicyArns", arn) for arn in outputs.get("managedPolicyArns") or ()]
        for where, policy in has:
            if policy and (str(outputs.get("name")), str(policy)) not in ours:
                yield role, where, f"may do what {policy} says, which is not the stack's"


def strange_replicas(refreshed: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Yield database, property and words for each replica that is nobody's."""
    instances = [
        (one, one.new.inputs) for one in refreshed if one.type == _INSTANCE and one.new is not None
    ]
    ours = {str(outputs.get("identifier")) for _, outputs in instances}
    for instance, outputs in instances:
        for replica in outputs.get("replicas") or ():
            if replica not in ours:
                yield instance, "replicas", f"is copied to {replica}, which is not the stack's"
