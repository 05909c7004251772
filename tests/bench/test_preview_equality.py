import copy
from collections.abc import Callable
from typing import Any

import pytest

from bench.preview.equality import require_equal
from local.errors import LocalError

TYPES = {"aws_security_group": "aws:ec2/securityGroup:SecurityGroup", "aws_role": "aws:iam:Role"}
TERRAFORM: dict[str, Any] = {
    "values": {
        "root_module": {
            "resources": [
                {
                    "type": "aws_security_group",
                    "values": {"name": "tf1-a", "from_port": 80, "vpc_id": "sg-0a", "arn": "arn"},
                },
                {"type": "aws_role", "values": {"policy": '{"b": 1, "a": 2}', "id": "x"}},
            ]
        }
    }
}
PULUMI: dict[str, Any] = {
    "deployment": {
        "resources": [
            {"type": "pulumi:pulumi:Stack"},
            {
                "type": TYPES["aws_security_group"],
                "inputs": {"__defaults": [], "name": "pu1-a", "fromPort": 80, "vpcId": "sg-0b"},
            },
            {"type": TYPES["aws_role"], "inputs": {"policy": '{"a":2,"b":1}'}},
        ]
    }
}


def compare(terraform: dict[str, Any], pulumi: dict[str, Any]) -> int:
    return require_equal(terraform, pulumi, prefixes=("tf1", "pu1"), types=TYPES)


def test_prefixes_ids_and_the_layout_of_json_make_no_difference() -> None:
    assert compare(TERRAFORM, PULUMI) == 2


def _other_port(terraform: dict[str, Any], _pulumi: dict[str, Any]) -> None:
    terraform["values"]["root_module"]["resources"][0]["values"]["from_port"] = 443


def _one_more(terraform: dict[str, Any], _pulumi: dict[str, Any]) -> None:
    terraform["values"]["root_module"]["resources"] *= 2


def _one_less(_terraform: dict[str, Any], pulumi: dict[str, Any]) -> None:
    pulumi["deployment"]["resources"].pop()


def _asked_for_more(_terraform: dict[str, Any], pulumi: dict[str, Any]) -> None:
    pulumi["deployment"]["resources"][1]["inputs"]["toPort"] = 80


@pytest.mark.parametrize("change", [_other_port, _one_more, _one_less, _asked_for_more])
def test_anything_else_does(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    terraform, pulumi = copy.deepcopy(TERRAFORM), copy.deepcopy(PULUMI)
    change(terraform, pulumi)
    with pytest.raises(LocalError, match="The sets differ"):
        compare(terraform, pulumi)


def test_nothing_is_not_equal_to_nothing() -> None:
    nothing: dict[str, Any] = {"values": {"root_module": {"resources": []}}}
    with pytest.raises(LocalError):
        compare(nothing, {"deployment": {"resources": []}})
