import subprocess
from pathlib import Path

import pytest

from ops.report import __main__ as command
from ops.report.text import MARKER
from tests.ops.report.logs import DATABASE, log, step, violation


def created(port: int) -> dict[str, object]:
    return step("create", DATABASE, None, {"port": port})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "head-dev.jsonl").touch()  # failed before it began
    log(tmp_path / "head-prod.jsonl", created(2))
    log(tmp_path / "base-prod.jsonl", created(1))
    return tmp_path


def test_a_folder_of_logs_is_compared_with_the_target_branch(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--folder", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{MARKER}\n## ✅ Infrastructure: 1 change\n")
    assert "Compared with the target branch, without an account" in text
    assert "port: `1` → `2`" in text
    assert "### dev" not in text


def test_the_real_stacks_log_goes_before_the_emulators(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log(
        folder / "aws-prod.jsonl",
        step("update", DATABASE, {"port": 1}, {"port": 3}, diffs=["port"]),
    )
    assert command.main(["--folder", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "port: `1` → `3`" in text
    assert "Compared with" not in text


def test_a_target_branch_that_fails_itself_is_no_measure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = {"diagnosticEvent": {"severity": "error", "message": "no"}}
    log(folder / "base-prod.jsonl", failure, result="failed")
    assert command.main(["--folder", str(folder)]) == 0
    assert "#### 1 new resource" in capsys.readouterr().out


def test_a_target_branch_that_breaks_a_rule_is_compared_with(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log(folder / "base-prod.jsonl", created(1), violation("tls"), result="failed")
    assert command.main(["--folder", str(folder)]) == 0
    assert "port: `1` → `2`" in capsys.readouterr().out


def test_without_any_preview_the_report_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--folder", str(tmp_path), "--check", "preview=failure"]) == 0
    text = capsys.readouterr().out
    assert "## ⛔ Infrastructure: there is no preview" in text
    assert "- preview: failure" in text


def test_the_report_is_written_where_it_is_asked_for(folder: Path) -> None:
    path = folder / "report.md"
    events = f"prod={folder / 'head-prod.jsonl'}"
    assert command.main(["--events", events, "--output", str(path)]) == 0
    assert path.read_text().startswith(MARKER)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Give --events STACK=FILE or --folder FOLDER"),
        (["--events", "prod=none"], "The event log none cannot be read"),
        (
            ["--folder", ".", "--check", "lint=maybe"],
            "it can be success, failure",
        ),
        (["--events", "prod=head-prod.jsonl", "--base", "none"], "git knows no such revision here"),
        (["--folder", ".", "--ownership", "none"], "none is not what ops.ownership writes"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    assert command.main(options) == 2
    assert message in capsys.readouterr().err
