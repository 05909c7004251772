"""When a scheduled action is due: AWS's `at(...)`, in the action's own time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.autoscaling_api.contract import ApiError

__all__ = ["due_at"]

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


def due_at(schedule: str, timezone: str | None = None) -> datetime:
    """Read a schedule.

    Args:
        schedule: such as `at(2027-01-10T08:00:00)`.
        timezone: name of the time zone; UTC if there is none.

    Raises:
        ApiError: `ValidationException`, for any other schedule, and for a time zone not known.
    """
    found = _AT.fullmatch(schedule)
    if found is None:
        raise _invalid(
            "Schedule must be at(yyyy-mm-ddThh:mm:ss), without a fraction or a zone; this local "
            f"server carries out no rate(...) and no cron(...): {schedule!r}"
        )
    try:
        moment = datetime.fromisoformat(found.group(1))
    except ValueError as error:
        raise _invalid(f"Schedule names no moment: {schedule!r}: {error}") from error
    try:
        zone = ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _invalid(f"Timezone is not known: {timezone!r}") from error
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError as error:  # the first and the last day that there is
        raise _invalid(f"Schedule names no moment: {schedule!r}: {error}") from error


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
