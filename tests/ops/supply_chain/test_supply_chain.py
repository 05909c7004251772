"""What a check says: that nothing was found is said only where somebody looked."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from ops.supply_chain import __main__ as command
from ops.supply_chain import debian, go_modules
from ops.supply_chain.python_packages import SERVICES, audit, pinned_files
from ops.supply_chain.result import (
    Outcome,
    Result,
    clean_or_found,
    exit_code,
    not_checked,
    table,
)

ROOT = Path(__file__).parents[3]
CLEAN = clean_or_found("packages", "a database", "2026-11-29", [])
FOUND = clean_or_found("modules", "a database", "2026-11-29", ["x 1.0: CVE-2026-1"])
UNKNOWN = not_checked("image", "nobody answers")


@pytest.mark.parametrize(
    ("results", "code"),
    [([CLEAN], 0), ([CLEAN, UNKNOWN], 2), ([UNKNOWN, FOUND, CLEAN], 1), ([FOUND], 1)],
)
def test_what_was_not_checked_is_no_success(results: list[Result], code: int) -> None:
    assert exit_code(results) == code


def test_the_table_says_against_what_and_of_when() -> None:
    lines = table([CLEAN, FOUND, UNKNOWN]).splitlines()
    assert lines[1] == "packages  a database  2026-11-29  nothing found"
    assert lines[2] == "modules   a database  2026-11-29  1 FOUND"
    assert lines[3] == "image     -           -           NOT CHECKED"
    assert lines[5:] == [
        "modules, found:",
        "  x 1.0: CVE-2026-1",
        "",
        "image, not checked:",
        "  nobody answers",
    ]


def program(path: Path, *, says: str, code: int = 0, complains: str = "") -> Path:
    """A stand-in for a tool, which answers the same whatever it is asked."""
    path.write_text(f"#!/bin/sh\ncat <<'EOF'\n{says}\nEOF\necho '{complains}' >&2\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def packages(*found: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(found), "fixes": []})


GOOD = {"name": "granian", "version": "2.8.7", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2014-1402"], "fix_versions": ["2.7.2"]}],
}
NOT_KNOWN = {"name": "granian", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("says", "code", "outcome", "detail"),
    [
        (packages(GOOD), 0, Outcome.CLEAN, ""),
        (
            packages(GOOD, BAD),
            1,
            Outcome.FOUND,
            "jinja2 2.4.1: PYSEC-1, CVE-2014-1402; mended in 2.7.2",
        ),
        # pip-audit's own exit code is 0 then, and its word "No known vulnerabilities found".
        (packages(GOOD, NOT_KNOWN), 0, Outcome.NOT_CHECKED, "nothing known of 1 packages"),
        (packages(), 0, Outcome.NOT_CHECKED, "finds no package"),
        ("", 1, Outcome.NOT_CHECKED, "no answer (no route)"),
        ("[]", 0, Outcome.NOT_CHECKED, "no answer"),
    ],
)
def test_packages_nobody_knows_were_not_checked(
    tmp_path: Path, says: str, code: int, outcome: Outcome, detail: str
) -> None:
    tool = program(tmp_path / "pip-audit", says=says, code=code, complains="no route")
    result = audit(tool, ROOT / "constraints.txt")
    assert result.outcome is outcome
    assert bool(result.date) is (outcome is not Outcome.NOT_CHECKED)
    assert detail in " ".join(result.details)
    if outcome is Outcome.NOT_CHECKED:
        assert len(result.details) == len(SERVICES), "each was asked"


def test_a_tool_that_is_not_there_is_no_good_news(tmp_path: Path) -> None:
    result = audit(tmp_path / "none", ROOT / "constraints.txt")
    assert result.outcome is Outcome.NOT_CHECKED
    assert "make supply-chain" in result.details[0]


def test_every_pinned_package_is_asked_about() -> None:
    audited = {
        re.sub(r"[-_.]+", "-", name).lower() + version
        for file in pinned_files(ROOT)
        for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;#]+)", file.read_text())
    }
    files = [*ROOT.glob("*requirements.txt"), *ROOT.glob("[!.]*/**/requirements.txt")]
    tried = 0
    for file in files:
        for name, version in re.findall(
            r"(?m)^([\w.-]+)(?:\[\w+\])?==([^\s;#]+)", file.read_text()
        ):
            assert re.sub(r"[-_.]+", "-", name).lower() + version in audited, f"{name} of {file}"
            tried += 1
    assert tried > 30
    assert {file.name for file in pinned_files(ROOT)} >= {"constraints.txt", "checkov.txt"}


MESSAGES = [
    {"config": {"db": "x", "db_last_modified": "2026-11-20T00:00:00Z"}},
    {"osv": {"id": "GO-2026-1", "summary": "Something leaks"}},
    {
        "finding": {
            "osv": "GO-2026-1",
            "fixed_version": "v1.2.3",
            "trace": [{"module": "example.org/a", "version": "v1.0.0"}],
        }
    },
]


@pytest.mark.parametrize(
    ("messages", "code", "outcome"),
    [
        (MESSAGES[:2], 0, Outcome.CLEAN),
        (MESSAGES, 0, Outcome.FOUND),
        (MESSAGES, 1, Outcome.NOT_CHECKED),
    ],
)
def test_modules_are_held_against_a_database_of_a_date(
    tmp_path: Path, messages: list[object], code: int, outcome: Outcome
) -> None:
    says = "\n".join(json.dumps(message, indent=2) for message in messages)
    tool = program(tmp_path / "govulncheck", says=says, code=code, complains="no such host")
    result = go_modules.audit(tool, tmp_path)
    assert result.outcome is outcome
    if outcome is Outcome.NOT_CHECKED:
        assert "no such host" in result.details[0]
        return
    assert result.date == "2026-11-20"
    words = "example.org/a v1.0.0: GO-2026-1 Something leaks; mended in v1.2.3"
    assert result.details == ((words,) if outcome is Outcome.FOUND else ())


def test_debian_packages_are_those_of_the_bill() -> None:
    bill = {
        "components": [
            {"purl": "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13"},
            {"purl": "pkg:pypi/granian@2.8.7"},
            {"name": "without"},
        ]
    }
    assert debian.debian_packages(bill) == {"libc6": "2.41-12"}
    assert debian.audit({"components": []}, "base").outcome is Outcome.NOT_CHECKED


def test_the_command_takes_parts_and_ends_as_its_table_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PARTS", {"a": lambda _: [CLEAN], "b": lambda _: [UNKNOWN]})
    assert command.main(["a"]) == 0
    assert "nothing found" in capsys.readouterr().out
    assert command.main([]) == 2
    assert "NOT CHECKED" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["c"])
