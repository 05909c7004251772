"""prod, as far as an emulator can hold it, from its first deployment to its end."""

from collections.abc import Mapping

import pytest

from tests.engine.prod_config import MOVE
from tests.engine.prod_shaped import NEW_TITLE, TITLE, ProdShaped

# A stage may have to wait for all those before it.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

_OF_ALARMS = {"actionsEnabled", "alarmDescription", "treatMissingData"}
_OF_ONE_METRIC = {"dimensions", "period"}

# What the emulator forgets, so that every preview shows it.
FORGOTTEN: Mapping[str, set[str]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        *_OF_ALARMS,
        *_OF_ONE_METRIC,
        "evaluateLowSampleCountPercentiles",
        "extendedStatistic",
        "metricQueries",
        "statistic",
    },
    "aws:ec2/flowLog:FlowLog": {"iamRoleArn", "maxAggregationInterval"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"policy", "privateDnsEnabled"},
}
# The emulator's flow log cannot be changed, so that what it forgets replaces it.
REPLACED = {"todo-prod-flow-logs"}


def test_prods_own_config_is_deployed_with_the_policies_on(prod_shaped: ProdShaped) -> None:
    output = prod_shaped.deployed.result().output
    assert "todo@" in output.partition("\nPolicies:")[2]
    assert "[mandatory]" not in output


def test_everything_that_prod_has_is_there(prod_shaped: ProdShaped) -> None:
    before, after = prod_shaped.empty.result(), prod_shaped.deployed.result().sights.names
    made = {kind: len(after[kind] - before[kind]) for kind in after}
    assert {kind for kind, count in made.items() if not count} == {"snapshot"}
    assert made["database"] == 2
    assert made["endpoint"] == 5


def test_the_database_is_protected_kept_twice_and_read_by_a_replica(
    prod_shaped: ProdShaped,
) -> None:
    sights = prod_shaped.deployed.result().sights
    for wanted in ("MultiAZ", "StorageEncrypted", "DeletionProtection", "CopyTagsToSnapshot"):
        assert sights.database[wanted] is True, wanted
    assert sights.database["PubliclyAccessible"] is False
    assert sights.database["BackupRetentionPeriod"] == 14
    assert ":key/" in sights.database["KmsKeyId"]
    (replica,) = sights.replicas
    assert replica["KmsKeyId"] == sights.database["KmsKeyId"]
    assert sights.parameters["require_secure_transport"] == "1"


def test_users_come_by_https_only_and_past_a_firewall(prod_shaped: ProdShaped) -> None:
    sights = prod_shaped.deployed.result().sights
    assert {port: each["Protocol"] for port, each in sights.listeners.items()} == {
        80: "HTTP",
        443: "HTTPS",
    }
    assert sights.listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert ":certificate/" in sights.listeners[443]["Certificates"][0]["CertificateArn"]
    assert sights.moved_to.startswith("https://")
    assert TITLE in sights.page
    assert sights.web_acl.startswith("todo-prod-firewall")
    assert sights.balancer["deletion_protection.enabled"] == "true"
    assert sights.balancer["access_logs.s3.enabled"] == "true"


def test_a_second_preview_shows_only_what_the_emulator_forgets(prod_shaped: ProdShaped) -> None:
    preview = prod_shaped.repreviewed.result()
    assert preview.code == 0
    assert preview.steps, "an emulator that forgets nothing needs no list of what it forgets"
    for (kind, name), step in preview.steps.items():
        unknown = step.fields - FORGOTTEN.get(kind, set())
        assert not unknown, f"{name}: {sorted(unknown)}"
        assert step.operation == ("replace" if name in REPLACED else "update"), name
        assert step.same_inputs, name


def test_nothing_is_on_the_list_that_the_emulator_does_not_forget(prod_shaped: ProdShaped) -> None:
    seen: dict[str, set[str]] = {}
    for (kind, _), step in prod_shaped.repreviewed.result().steps.items():
        seen.setdefault(kind, set()).update(step.fields)
    assert seen == FORGOTTEN


def test_it_cannot_be_destroyed_by_mistake(prod_shaped: ProdShaped) -> None:
    refused = prod_shaped.refused.result()
    assert refused.code != 0
    assert "todo-prod-database" in refused.output
    assert "cannot be deleted" in refused.output
    made = prod_shaped.deployed.result().sights.names
    assert prod_shaped.updated.result().sights.names["database"] == made["database"]


def test_an_update_changes_task_image_and_parameter_under_the_same_database(
    prod_shaped: ProdShaped,
) -> None:
    before, after = (each.result().sights for each in (prod_shaped.deployed, prod_shaped.updated))
    assert (before.task["cpu"], after.task["cpu"]) == ("1024", "2048")
    assert before.outputs["image"] != after.outputs["image"]
    assert NEW_TITLE in after.page
    assert before.parameters["long_query_time"] == "1"
    assert after.parameters["long_query_time"] == "2"
    assert after.database["DbiResourceId"] == before.database["DbiResourceId"]
    assert after.titles == [*before.titles, "look 2"]
    assert after.names["load balancer"] == before.names["load balancer"]


def test_it_is_released_by_its_config_and_a_waiver_that_is_told(prod_shaped: ProdShaped) -> None:
    released = prod_shaped.released.result()
    assert released.sights.database["DeletionProtection"] is False
    assert released.sights.balancer["deletion_protection.enabled"] == "false"
    assert MOVE in released.output
    assert "[mandatory]" not in released.output


def test_it_leaves_nothing_but_a_last_snapshot_and_what_its_versions_were(
    prod_shaped: ProdShaped,
) -> None:
    released = prod_shaped.released.result().sights
    destroyed, before = prod_shaped.destroyed.result(), prod_shaped.empty.result()
    assert destroyed.resources == []
    left = {kind: names - before[kind] for kind, names in destroyed.names.items()}
    versions = released.names["task"] - before["task"]
    assert len(versions) > 1, "one that somebody may go back to, too"
    last = {"snapshot": {f"{released.outputs['database']}-final"}, "task": versions}
    assert {kind: names for kind, names in left.items() if names} == last
    assert {name: set(before[name]) - destroyed.names[name] for name in before} == {
        name: set() for name in before
    }
    assert {each.name.rpartition("-")[2] for each in destroyed.containers} == {
        "emulator",
        "autoscaling",
    }
