"""MiniStack, and one setting of ECS services that it takes but does not give back.

Without it the AWS provider sees a difference in every preview: what it asked for is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.app import main
from ministack.services import ecs

__all__ = ["keeping_zone_rebalancing"]

_SETTING = "availabilityZoneRebalancing"
_DEFAULT = "ENABLED"  # AWS's own since September 2025

Handler = Callable[[dict[str, Any]], Any]


def keeping_zone_rebalancing(handle: Handler) -> Handler:
    """Wrap `CreateService` or `UpdateService` so that the setting is described afterwards."""

    def handler(request: dict[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own answer
        answer = handle(request)
        wanted = request.get("service") or request.get("serviceName")
        for service in ecs._services.values():  # noqa: SLF001 - it has no public registry
            if wanted in (service["serviceName"], service["serviceArn"]):
                service[_SETTING] = request.get(_SETTING) or service.get(_SETTING, _DEFAULT)
        return answer

    return handler


if __name__ == "__main__":
    for action in ("CreateService", "UpdateService"):
        ecs._ACTION_MAP[action] = keeping_zone_rebalancing(ecs._ACTION_MAP[action])  # noqa: SLF001
    main()
