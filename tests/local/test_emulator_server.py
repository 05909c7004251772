from typing import Any

import pytest

from local.emulator_server import Answer, Request, answering_repeats, keeping_zone_rebalancing

OK: Answer = (200, {}, b"{}")


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    return {"one": {"serviceName": "todo", "serviceArn": "arn:todo"}}


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        ({"serviceName": "todo"}, "ENABLED"),
        ({"service": "arn:todo", "availabilityZoneRebalancing": "DISABLED"}, "DISABLED"),
        ({"service": "other", "availabilityZoneRebalancing": "DISABLED"}, None),
    ],
    ids=["AWS's default", "what was asked for", "another service"],
)
def test_a_service_tells_its_zone_rebalancing(
    services: dict[str, dict[str, Any]], request_: Request, kept: str | None
) -> None:
    handler = keeping_zone_rebalancing(lambda _: OK, services)
    assert handler(request_) == OK
    assert services["one"].get("availabilityZoneRebalancing") == kept


def test_an_update_of_something_else_keeps_the_zone_rebalancing(
    services: dict[str, dict[str, Any]],
) -> None:
    handler = keeping_zone_rebalancing(lambda _: OK, services)
    handler({"service": "todo", "availabilityZoneRebalancing": "DISABLED"})
    handler({"service": "todo", "desiredCount": 3})
    assert services["one"]["availabilityZoneRebalancing"] == "DISABLED"


def test_only_a_request_that_succeeded_before_is_answered_from_memory() -> None:
    statuses = iter([500, 200, 409, 409])
    handler = answering_repeats(lambda _: (next(statuses), {}, b""))
    repeated: Request = {"Name": "a", "ClientRequestToken": "1"}
    assert handler(repeated)[0] == 500
    assert handler(repeated)[0] == 200
    assert handler(repeated)[0] == 200
    assert handler({"Name": "a", "ClientRequestToken": "2"})[0] == 409
    assert handler({"Name": "a"})[0] == 409
