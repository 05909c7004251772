"""The state bridge against states: the stand-in for Pulumi's Terraform plugin reads them.

What the engine would do in between is mocked: nothing is deployed here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi.runtime
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import InvokeRequest
from pulumi.runtime import mocks

from local.toolchain.property_values import from_data, to_data
from local.toolchain.terraform_plugin import TerraformState as Plugin
from tests.infra.recorder import TERRAFORM_OUTPUTS, _event_loop
from todo_infra.config import TerraformState
from todo_infra.terraform_state import ExistingInfrastructure, read

__all__ = ["REGION", "STATES", "SUBNETS", "Cloud", "read_state", "state_named"]

REGION = "eu-west-1"
STATES = Path(__file__).parent / "states"
SUBNETS: dict[str, tuple[str, str]] = {
    subnet: (TERRAFORM_OUTPUTS["vpc_id"], zone)
    for name in ("public_subnet_ids", "private_subnet_ids")
    for subnet, zone in zip(
        TERRAFORM_OUTPUTS[name], TERRAFORM_OUTPUTS["availability_zones"], strict=True
    )
}
"""VPC and zone of each subnet."""


@dataclass
class Cloud(mocks.Mocks):
    """Answers what the bridge asks for.

    Attributes:
        subnets: VPC and zone of each subnet that there is.
        asked: token and arguments of each call.
    """

    subnets: Mapping[str, tuple[str, str]] = field(default_factory=lambda: SUBNETS)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.asked.append((args.token, args.args))
        if args.token == "aws:ec2/getSubnet:getSubnet":
            if args.args["id"] not in self.subnets:
                return {}, [("id", "no matching EC2 Subnet found.\nwith a trace")]
            vpc_id, zone = self.subnets[args.args["id"]]
            return {"vpcId": vpc_id, "availabilityZone": zone}, []
        values: dict[str, PropertyValue] = {
            name: from_data(value) for name, value in args.args.items() if value is not None
        }
        # Not asyncio.run: it would take the loop away that the SDK has on this thread.
        with contextlib.closing(asyncio.new_event_loop()) as loop:
            invoked = Plugin().invoke(InvokeRequest(args.token, values))
            response = loop.run_until_complete(invoked)
        if response.failures:
            return {}, [(failure.property, failure.reason) for failure in response.failures]
        return {n: to_data(value) for n, value in (response.return_value or {}).items()}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(f"{args.typ} is a resource; the bridge makes none")

    def looked_up(self) -> list[str]:
        return [args["id"] for token, args in self.asked if token.endswith("getSubnet")]


def state_named(name: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((STATES / f"{name}.json").read_text())
    return state


def read_state(
    settings: TerraformState, cloud: Cloud | None = None, root: Path = STATES
) -> ExistingInfrastructure:
    """Run the bridge as the program does, on a thread of its own: it blocks."""

    def run() -> ExistingInfrastructure:
        with _event_loop() as loop:
            pulumi.runtime.set_mocks(cloud or Cloud(), project="todo", stack="test")
            try:
                return read(root, settings, REGION)
            finally:
                # The SDK's own stack is registered while the program waits, if it ever does.
                loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop)))

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        return executor.submit(run).result()
