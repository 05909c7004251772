"""The pack in the real engine: what stops, what does not, and what a configuration changes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.local.toolchain.conftest import aws, project, toolchain  # noqa: F401 - fixtures
from tests.local.toolchain.tiny_project import Project

pytestmark = pytest.mark.engine

PACK = Path(__file__).resolve().parents[2] / "policies"
RULE = "log-group-kept"
LOG_GROUP = """
import pulumi_aws as aws
aws.cloudwatch.LogGroup("kept", retention_in_days=1)
"""
DATABASE = """
import pulumi_aws as aws
group = aws.cloudwatch.LogGroup("kept")
parameters = aws.rds.ParameterGroup("parameters", family="mysql8.4", parameters=[%s])
aws.rds.Instance(
    "database",
    engine="mysql",
    instance_class="db.t4g.micro",
    parameter_group_name=parameters.name,
    publicly_accessible=%s,
)
"""
TLS_REQUIRED = '{"name": "require_secure_transport", "value": "1"}'
LATER = "group.arn.apply(lambda _: False)"


@dataclass(frozen=True, kw_only=True)
class Tiny:
    """A tiny program for the real engine, with the pack and a configuration of it."""

    project: Project

    def run(self, program: str, *words: str, config: dict[str, Any] | None = None) -> str:
        """Return what the engine said, with its exit code on the last line."""
        self.project.write(program)
        file = self.project.directory / "policies.json"
        file.write_text(json.dumps(config or {}))
        pack = ("--policy-pack", str(PACK), "--policy-pack-config", str(file))
        done = self.project.run(*words, *pack)
        return f"{done.stdout}\nexit {'0' if done.returncode == 0 else 'not 0'}"

    def created(self) -> set[str]:
        """Types of what the stack has in the cloud."""
        state = json.loads(self.project.succeed("stack", "export"))
        resources = state["deployment"].get("resources") or []
        types = {one["type"] for one in resources if one.get("custom")}
        return {type_ for type_ in types if "providers" not in type_}


@pytest.fixture
def tiny(project: Project, aws: dict[str, str]) -> Tiny:  # noqa: F811 - the fixtures above
    return Tiny(project=project.with_environment(aws))


def waiver(until: str) -> dict[str, Any]:
    one = {"resource": "kept", "owner": "Ada", "reason": "It is being moved.", "until": until}
    return {RULE: {"waivers": [one]}}


def test_a_mandatory_violation_stops_preview_and_up_with_nothing_created(tiny: Tiny) -> None:
    for words in (["preview"], ["up", "--yes"]):
        shown = tiny.run(DATABASE % ("", "False"), *words)
        assert shown.endswith("exit not 0"), shown
        assert "[mandatory] [severity: critical]  database-tls-required" in shown
        assert "its parameter group parameters does not set it." in shown
        assert "database-not-public" not in shown
    assert tiny.created() == set()


def test_an_update_without_a_preview_creates_nothing_that_is_refused(tiny: Tiny) -> None:
    shown = tiny.run(LOG_GROUP, "up", "--yes", "--skip-preview")
    assert shown.endswith("exit not 0"), shown
    assert f"[mandatory] [severity: medium]  {RULE}" in shown
    assert tiny.created() == set()


def test_a_configuration_lowers_a_rule_which_then_stops_nothing(tiny: Tiny) -> None:
    config = {RULE: {"enforcementLevel": "advisory", "reason": "Tried out."}}
    shown = tiny.run(LOG_GROUP, "up", "--yes", "--skip-preview", config=config)
    assert shown.endswith("exit 0"), shown
    assert f"[advisory] [severity: medium]  {RULE}" in shown
    assert tiny.created() == {"aws:cloudwatch/logGroup:LogGroup"}


def test_a_configuration_sets_what_a_rule_asks_for(tiny: Tiny) -> None:
    config = {RULE: {"minDays": 1, "customerKey": False, "reason": "Tried out."}}
    shown = tiny.run(LOG_GROUP, "preview", config=config)
    assert shown.endswith("exit 0"), shown
    assert RULE not in shown


def test_the_unknown_is_followed_where_it_can_be_and_refused_elsewhere(tiny: Tiny) -> None:
    shown = tiny.run(DATABASE % (TLS_REQUIRED, LATER), "preview")
    assert shown.endswith("exit not 0"), shown
    assert "[mandatory] [severity: critical]  database-not-public" in shown
    assert "publiclyAccessible is unknown before the update" in shown
    # The name of the parameter group is unknown, too.
    assert "database-tls-required" not in shown


def test_a_waiver_in_force_lets_through_and_is_printed(tiny: Tiny) -> None:
    shown = tiny.run(LOG_GROUP, "preview", config=waiver(until="2999-12-31"))
    assert shown.endswith("exit 0"), shown
    assert "[mandatory]" not in shown
    assert "[advisory] [severity: low]  waivers" in shown
    assert f"kept: {RULE} is waived (Ada, until 2999-12-31: It is being moved)." in shown


def test_an_expired_waiver_lets_nothing_through(tiny: Tiny) -> None:
    shown = tiny.run(LOG_GROUP, "preview", config=waiver(until="2020-12-31"))
    assert shown.endswith("exit not 0"), shown
    assert f"[mandatory] [severity: medium]  {RULE}" in shown
    assert "Its waiver has expired (Ada, until 2020-12-31: It is being moved)." in shown


def test_a_configuration_that_cannot_be_kept_to_is_refused_with_all_its_faults(tiny: Tiny) -> None:
    config = {
        "database-tls-required": {"enforcementLevel": "disabled"},
        "log-group-keptt": {"enforcementLevel": "advisory"},
        RULE: {"minimumDays": 1},
    }
    shown = tiny.run(LOG_GROUP, "preview", config=config)
    assert shown.endswith("exit not 0"), shown
    assert "database-tls-required is set to disabled, but has to stay mandatory" in shown
    assert "log-group-keptt is no rule of this pack" in shown
    assert f"{RULE}: minimumDays is unknown" in shown
    assert "Traceback" not in shown
