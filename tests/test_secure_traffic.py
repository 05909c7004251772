"""The plan that secures the traffic names rules and tests that are there, and all that matter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from todo_policies import RULES

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "secure-traffic.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the page has no section {title!r}"
    return found.group(1)


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_rule_that_is_named_exists() -> None:
    known = {rule.name for rule in RULES}
    named = [name for row in rows("What holds it") for name in names(row[1])]
    assert [name for name in named if name not in known] == []


def test_every_rule_that_no_waiver_loosens_is_named() -> None:
    named = {name for row in rows("What holds it") for name in names(row[1])}
    assert {rule.name for rule in RULES if not rule.waivable} - named == set()


def test_every_test_that_is_named_exists() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = [name for row in rows("What holds it") for name in names(row[2])]
    assert len(named) > 20
    assert [name for name in named if f"def {name}(" not in sources] == []


def test_nothing_is_held_by_a_rule_or_a_hope_alone() -> None:
    assert [row[0] for row in rows("What holds it") if not names(row[2])] == []


@pytest.mark.parametrize("title", ["What is done", "What comes next"])
def test_every_step_says_who_how_much_what_if_and_how_to_see(title: str) -> None:
    table = rows(title)
    assert len(table) >= 7
    assert [row for row in table if not all(row)] == []
    owners = re.compile(r"^(platform|product)\b")
    assert [row for row in table if not any(owners.match(cell) for cell in row)] == []


def test_every_phase_has_a_command_that_verifies_it() -> None:
    commands = [names(row[-1]) for row in rows("What is done")]
    assert [cells for cells in commands if not any(one.startswith("make ") for one in cells)] == []


CARRIED_OUT = {
    "make verify": "tests/engine/test_verify.py",
    "make drift": "tests/engine/test_drift.py",
    "make preview": "tests/engine/test_preview.py",
    "make mutants": "tests/policies/test_mutants.py",
}


def test_every_verification_is_carried_out_by_a_test() -> None:
    cells = [row[-1] for title in ("What is done", "What comes next") for row in rows(title)]
    commands = {" ".join(name.split()[:2]) for cell in cells for name in names(cell)}
    assert commands == CARRIED_OUT.keys()
    for command, where in CARRIED_OUT.items():
        assert command.removeprefix("make ") in (ROOT / where).read_text()


def test_the_architecture_leads_here() -> None:
    assert "secure-traffic.md" in (ROOT / "docs" / "architecture.md").read_text()
