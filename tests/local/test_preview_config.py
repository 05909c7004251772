from typing import Any

import pytest

from local.preview_config import Available, for_emulator, read_config

AVAILABLE = Available(
    region="eu-west-1",
    terraform_state=".local/terraform.tfstate",
    registry="localhost:4600",
    registries=("localhost:4566",),
)
FITTING: dict[str, Any] = {
    "aws:region": "eu-west-1",
    "todo:terraformState": {"backend": "local", "path": ".local/terraform.tfstate"},
    "todo:audit": {"trail": False},
}


def changed(config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    copy, changes = for_emulator(FITTING | config, AVAILABLE)
    return copy, [change.key for change in changes]


def test_what_the_emulator_can_hold_stays_as_it_is() -> None:
    config = FITTING | {"todo:capacity": {"maxTasks": 20}, "aws:defaultTags": {"tags": {"a": "b"}}}
    assert for_emulator(config, AVAILABLE) == (config, [])


def test_the_stacks_own_config_is_not_touched() -> None:
    config = FITTING | {"todo:loadBalancer": {"domain": "todo.example.com"}, "todo:audit": {}}
    before = {key: dict(value) for key, value in config.items() if isinstance(value, dict)}
    for_emulator(config, AVAILABLE)
    assert {key: config[key] for key in before} == before


@pytest.mark.parametrize("audit", [{"trail": True, "retentionDays": 30}, {}])
def test_a_trail_is_left_out_where_its_plugin_cannot_be_had(audit: dict[str, Any]) -> None:
    copy, keys = changed({"todo:audit": audit})
    assert copy["todo:audit"] == {**audit, "trail": False}
    assert keys == ["todo:audit.trail"]


def test_a_trail_stays_where_its_plugin_can_be_had() -> None:
    config = FITTING | {"todo:audit": {"trail": True}}
    available = Available(
        region="eu-west-1", terraform_state=".local/terraform.tfstate", registry="", components=True
    )
    assert for_emulator(config, available) == (config, [])


@pytest.mark.parametrize(
    "state",
    [
        {"backend": "local", "path": "terraform/terraform.tfstate"},
        {"backend": "s3", "bucket": "states", "key": "todo", "outputs": {"vpc_id": "network.id"}},
        {"backend": "remote", "organization": "example", "workspace": "todo"},
        {},
    ],
)
def test_the_state_is_that_of_the_emulator_with_its_own_names(state: dict[str, Any]) -> None:
    copy, keys = changed({"todo:terraformState": state})
    assert copy["todo:terraformState"] == FITTING["todo:terraformState"]
    assert keys == ["todo:terraformState"]


def test_the_region_is_where_the_emulator_is() -> None:
    copy, keys = changed({"aws:region": "us-east-1"})
    assert copy["aws:region"] == "eu-west-1"
    assert keys == ["aws:region"]


@pytest.mark.parametrize("key", ["aws:profile", "aws:assumeRoles", "aws:allowedAccountIds"])
def test_nothing_logs_in_to_a_real_account(key: str) -> None:
    copy, keys = changed({key: "any"})
    assert key not in copy
    assert keys == [key]


def test_a_zone_is_replaced_by_a_certificate_since_the_emulator_has_none() -> None:
    balancer = {"domain": "todo.example.com", "hostedZoneId": "Z1", "waf": True}
    copy, keys = changed({"todo:loadBalancer": balancer})
    arn = copy["todo:loadBalancer"].pop("certificateArn")
    assert arn.startswith("arn:aws:acm:eu-west-1:")
    assert copy["todo:loadBalancer"] == {"domain": "todo.example.com", "waf": True}
    assert keys == ["todo:loadBalancer.hostedZoneId"]


def test_the_emulators_registry_has_the_emulators_port() -> None:
    copy, keys = changed({"todo:image": {"registry": "localhost:4566", "baseImage": "x"}})
    assert copy["todo:image"] == {"registry": "localhost:4600", "baseImage": "x"}
    assert keys == ["todo:image.registry"]


def test_a_mirror_of_the_teams_own_stays() -> None:
    config = FITTING | {"todo:image": {"registry": "mirror.example.com"}}
    assert for_emulator(config, AVAILABLE) == (config, [])


def test_values_are_read_with_their_types_and_encrypted_ones_are_told() -> None:
    shown: dict[str, dict[str, Any]] = {
        "aws:region": {"value": "eu-west-1", "secret": False},
        "todo:capacity": {
            "value": '{"maxTasks":4}',
            "objectValue": {"maxTasks": 4},
            "secret": False,
        },
        "todo:database": {"secret": True},
    }
    config, hidden = read_config(shown)
    assert config == {"aws:region": "eu-west-1", "todo:capacity": {"maxTasks": 4}}
    assert [change.key for change in hidden] == ["todo:database"]
