from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.autoscaling_api.contract import ApiError
from local.autoscaling_api.schedule import due_at


@pytest.mark.parametrize(
    ("schedule", "timezone", "hour"),
    [
        ("at(2027-01-10T08:00:00)", None, 8),
        ("at(2027-01-10T08:00:00)", "UTC", 8),
        ("at(2027-01-10T08:00:00)", "Europe/Berlin", 7),
        ("at(2027-07-10T08:00:00)", "Europe/Berlin", 6),
    ],
)
def test_a_moment_is_read_in_the_time_zone_of_its_action(
    schedule: str, timezone: str | None, hour: int
) -> None:
    due = due_at(schedule, timezone)
    assert due == datetime(2027, due.month, 10, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "timezone", "words"),
    [
        ("rate(5 minutes)", None, "carries out no rate"),
        ("cron(0 8 * * ? *)", None, "no cron"),
        ("at(2027-01-10T08:00:00Z)", None, "without a fraction or a zone"),
        ("at(2027-13-10T08:00:00)", None, "names no moment"),
        ("", None, "Schedule must be at"),
        ("at(2027-01-10T08:00:00)", "Europe/Atlantis", "Timezone is not known: 'Europe/Atlantis'"),
        ("at(2027-01-10T08:00:00)", "../etc/passwd", "Timezone is not known"),
    ],
)
def test_what_would_not_be_carried_out_is_refused(
    schedule: str, timezone: str | None, words: str
) -> None:
    with pytest.raises(ApiError, match=words) as raised:
        due_at(schedule, timezone)
    assert raised.value.code == "ValidationException"
