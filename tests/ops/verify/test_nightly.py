"""The nightly look comes when the database's own hours are over."""

from __future__ import annotations

import re
from pathlib import Path

from todo_infra.config.database import DatabaseOperations

WORKFLOW = Path(__file__).parents[3] / ".github" / "workflows" / "nightly.yml"


def test_the_night_looks_beside_backups_and_restarts() -> None:
    (cron,) = re.findall(r'cron: "(\d+) (\d+) \* \* \*"', WORKFLOW.read_text())
    looks = f"{int(cron[1]):02}:{int(cron[0]):02}"
    own = DatabaseOperations()
    for window in (own.backup_window, own.maintenance_window):
        begins, ends = re.findall(r"\d\d:\d\d", window)
        assert not begins <= looks <= ends, f"{looks} is within {window}"
