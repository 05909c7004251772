"""What a server's errors mean: whether to try again, and what the operator is told."""

from __future__ import annotations

import pytest
from asyncmy.errors import OperationalError

from todo_app.database import DatabaseRefusedError, raise_explained
from todo_app.store import retried


@pytest.mark.parametrize("number", [1021, 1114], ids=["disk", "table"])
async def test_a_full_disk_is_no_reason_to_try_again_at_once(number: int) -> None:
    tries = 0

    async def attempt() -> None:
        nonlocal tries
        tries += 1
        raise_explained(OperationalError(number, "The table 'todos' is full"), "database:3306")

    with pytest.raises(DatabaseRefusedError, match=r"database:3306 has no room left: .*is full"):
        await retried(attempt)
    assert tries == 1
