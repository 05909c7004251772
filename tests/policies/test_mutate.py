"""That the mutation test of the pack's own code can be run, and is read right."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.policies.mutate import results
from tests.policies.mutate.results import read
from tests.policies.mutate.workspace import ROOT, fill, settings


def test_what_is_configured_exists() -> None:
    assert settings()["source_paths"] == ["src"]
    for name in settings()["also_copy"]:
        assert (ROOT / name).exists(), name
    for argument in settings()["pytest_add_cli_args_test_selection"]:
        assert (ROOT / argument.removeprefix("--ignore=")).exists(), argument


def test_the_workspace_has_the_pack_once_and_leaves_the_checkout_alone(tmp_path: Path) -> None:
    before = sorted((ROOT / "policies" / "todo_policies").glob("*.py"))
    fill(tmp_path)
    fill(tmp_path)
    assert len(list((tmp_path / "src" / "todo_policies").glob("*.py"))) == len(before)
    assert not (tmp_path / "policies" / "todo_policies").exists()
    assert (tmp_path / "policies" / "config" / "prod.json").exists()
    assert (tmp_path / "tests" / "policies" / "judged.py").exists()
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["mutmut"] == settings()
    assert sorted((ROOT / "policies" / "todo_policies").glob("*.py")) == before


DIFFS = {
    "todo_policies.rule.x_judge__mutmut_1": ("if a:", "if not a:"),
    "todo_policies.rule.x_judge__mutmut_2": ('yield "it is open."', 'yield "XXit is open.XX"'),
    "todo_policies.rule.x_judge__mutmut_3": ('props.get("open")', 'props.get("XXopenXX")'),
    "todo_policies.rule.x_judge__mutmut_4": ("x = 1", "x = 2"),
}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What mutmut leaves behind: four survivors, two that were killed, one not looked at."""
    codes: dict[str, int | None] = dict.fromkeys(DIFFS, 0)
    codes |= {"todo_policies.rule.x_judge__mutmut_5": 1, "todo_policies.rule.x_judge__mutmut_6": 36}
    codes |= {"todo_policies.rule.x_judge__mutmut_7": None}
    meta = tmp_path / "mutants" / "src" / "todo_policies" / "rule.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": codes}))
    explained = tmp_path / "explained.toml"
    explained.write_text('[explained]\n"*x = 1 → x = 2" = "because"\n"gone *" = "no more"\n')
    monkeypatch.setattr(results, "_EXPLAINED", explained)
    monkeypatch.setattr(
        results, "_diff", lambda _, name: "--- a\n+++ b\n- {}\n+ {}".format(*DIFFS[name])
    )
    return tmp_path


def test_survivors_are_read_and_explained(found: Path) -> None:
    result = read(found)
    assert [one.change for one in result.unexplained] == [
        "rule.x_judge: if a: → if not a:",
        'rule.x_judge: props.get("open") → props.get("XXopenXX")',
    ]
    assert result.closing_line() == "killed 2 of 6; 2 survivors are explained"
    assert (result.unchecked, result.unused) == (1, ("gone *",))


def test_only_the_words_of_a_sentence_are_explained_by_themselves(found: Path) -> None:
    reasons = {one.name[-1]: one.reason for one in read(found).survivors}
    assert (reasons["1"], reasons["3"], reasons["4"]) == (None, None, "because")
    assert "words" in (reasons["2"] or "")
