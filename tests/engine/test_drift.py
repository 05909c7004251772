"""`make drift` on the running system: what somebody changes by hand is named, and gone again."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest

from tests.running_system import RunningSystem, run_command

pytestmark = pytest.mark.engine


def drift(system: RunningSystem) -> tuple[int, list[dict[str, Any]]]:
    """Exit code, and what is not known."""
    env = {**os.environ, "LOCAL_PORT": str(system.workspace.port)}
    words = [sys.executable, "-m", "local", "drift", "--json"]
    done = run_command(words, cwd=system.workspace.root, env=env)
    assert done.code in {0, 1}, done.output
    found = json.loads(done.output[done.output.index("{") :])["findings"]
    return done.code, [one for one in found if not one["known"]]


def test_what_others_changed_is_named_and_gone_when_it_is_put_back(system: RunningSystem) -> None:
    balancers, network = system.aws("elbv2"), system.aws("ec2")
    (group,) = balancers.describe_target_groups()["TargetGroups"]
    tags = {
        "Resources": [group["VpcId"]],
        "Tags": [{"Key": "handmade", "Value": "yes"}],
    }
    interval = group["HealthCheckIntervalSeconds"]
    balancers.modify_target_group(
        TargetGroupArn=group["TargetGroupArn"], HealthCheckIntervalSeconds=interval + 2
    )
    network.create_tags(**tags)
    try:
        code, found = drift(system)
    finally:
        balancers.modify_target_group(
            TargetGroupArn=group["TargetGroupArn"], HealthCheckIntervalSeconds=interval
        )
        network.delete_tags(**tags)
    assert code == 1
    told = {(one["tool"], one["kind"], one["text"]) for one in found}
    assert told >= {
        ("Pulumi", "changed", f"health check interval is {interval + 2}, was {interval}"),
        ("Terraform", "changed", "tags handmade is yes, was not set"),
    }
    assert drift(system) == (0, [])


def test_a_rule_that_nobody_deployed_is_found(system: RunningSystem) -> None:
    network = system.aws("ec2")
    (group,) = [
        one
        for one in network.describe_security_groups()["SecurityGroups"]
        if one["GroupName"].startswith("todo-local-database")
    ]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 3306,
        "ToPort": 3306,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    network.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    try:
        code, found = drift(system)
    finally:
        network.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    assert code == 1
    assert [(one["kind"], one["text"]) for one in found] == [
        (
            "strange",
            "lets tcp port 3306 in from 0.0.0.0/0, by a rule that is not the stack's",
        )
    ]
