"""That the mutation test of the pack's own code can be run, and is read right."""

import ast
import json
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tests.policies.mutate import ledger, results
from tests.policies.mutate.ledger import Entry
from tests.policies.mutate.results import forget_survivors, read
from tests.policies.mutate.workspace import PACK, ROOT, fill, fingerprint, selection, settings

MODULES = ROOT / "policies" / PACK


def test_what_is_configured_exists() -> None:
    assert settings()["source_paths"] == ["src"]
    for name in (*settings()["also_copy"], *chain(*selection().values())):
        assert (ROOT / name).exists(), name


def test_every_module_with_a_function_is_tried() -> None:
    with_functions = {
        path.stem
        for path in MODULES.glob("*.py")
        if any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text())))
    }
    assert set(selection()) == with_functions - {"__main__"}


def test_the_workspace_has_the_pack_once_and_leaves_the_checkout_alone(tmp_path: Path) -> None:
    before = sorted(MODULES.glob("*.py"))
    fill(tmp_path, "tags")
    fill(tmp_path, "tags")
    assert len(list((tmp_path / "src" / PACK).glob("*.py"))) == len(before)
    assert not (tmp_path / "policies" / PACK).exists()
    assert (tmp_path / "policies" / "config" / "prod.json").exists()
    assert (tmp_path / "tests" / "policies" / "judged.py").exists()
    assert sorted(MODULES.glob("*.py")) == before


def test_in_a_workspace_one_module_is_changed_and_its_tests_are_run(tmp_path: Path) -> None:
    fill(tmp_path, "tags")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert project["tool"]["mutmut"] == settings() | {
        "only_mutate": ["src/todo_policies/tags.py"],
        "pytest_add_cli_args_test_selection": ["tests/policies/test_tags.py"],
    }
    assert (tmp_path / "src" / "todo_policies" / "tags.py").exists()


DIFFS = {
    "todo_policies.rule.x_judge__mutmut_1": ("if a:", "if not a:"),
    "todo_policies.rule.x_judge__mutmut_2": ('yield "it is open."', 'yield "XXit is open.XX"'),
    "todo_policies.rule.x_judge__mutmut_3": ('props.get("open")', 'props.get("XXopenXX")'),
    "todo_policies.rule.x_judge__mutmut_4": ("x = 1", "x = 2"),
    "todo_policies.rule.x_judge__mutmut_8": ('"a" if x else "b"', '"a" if y else "b"'),
    "todo_policies.rule.x_judge__mutmut_9": ('f"{a(b)} is it"', 'f"{a(None)} is it"'),
    "todo_policies.rule.x_judge__mutmut_10": (
        """f"{' or '.join(a)}, a" """,
        "f\"{' OR '.join(a)}, a\"",
    ),
}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What mutmut leaves behind: survivors, two that were killed, one not looked at."""
    codes: dict[str, int | None] = dict.fromkeys(DIFFS, 0)
    codes |= {"todo_policies.rule.x_judge__mutmut_5": 1, "todo_policies.rule.x_judge__mutmut_6": 36}
    codes |= {"todo_policies.rule.x_judge__mutmut_7": None}
    meta = tmp_path / "mutants" / "src" / "todo_policies" / "rule.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": codes}))
    explained = tmp_path / "explained.toml"
    globs = ("rule.*x = 1 → x = 2", "rule.gone *", "rules.*")
    explained.write_text("[explained]\n" + "".join(f'"{glob}" = "because"\n' for glob in globs))
    monkeypatch.setattr(results, "_EXPLAINED", explained)
    monkeypatch.setattr(
        results, "_diff", lambda _, __, name: "--- a\n+++ b\n- {}\n+ {}".format(*DIFFS[name])
    )
    return tmp_path


def test_survivors_are_read_and_explained(found: Path) -> None:
    result = read(found, "rule")
    assert [one.name[-1] for one in result.unexplained] == ["1", "3", "8", "9"]
    assert result.unexplained[0].change == "rule.x_judge: if a: → if not a:"
    assert (result.killed, result.total, result.unchecked) == (2, 9, 1)
    assert result.unused == ("rule.gone *",)


def test_only_the_words_of_a_sentence_are_explained_by_themselves(found: Path) -> None:
    reasons = {one.name.rpartition("_")[2]: one.reason for one in read(found, "rule").survivors}
    assert (reasons["1"], reasons["3"], reasons["4"]) == (None, None, "because")
    assert "words" in (reasons["2"] or "")
    assert "words" in (reasons["10"] or "")


def test_survivors_are_tried_again_and_the_killed_are_not(found: Path) -> None:
    forget_survivors(found, "rule")
    result = read(found, "rule")
    assert (result.killed, result.survivors, result.unchecked) == (2, (), len(DIFFS) + 1)
    forget_survivors(found, "tags")


def test_what_is_known_of_a_module_holds_until_it_or_its_tests_change(
    found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = found / "results.json"
    assert not ledger.is_current("rule", path)
    known = {"killed": 3, "explained": 1, "date": "2026-01-31", "of": fingerprint("rule")}
    path.write_text(json.dumps({"rule": known | {"total": 4}}))
    assert ledger.is_current("rule", path)
    path.write_text(json.dumps({"rule": known | {"total": 5}}))
    assert not ledger.is_current("rule", path)
    path.write_text(json.dumps({"rule": known | {"total": 4}}))
    monkeypatch.setattr(ledger, "fingerprint", lambda _: "another")
    assert not ledger.is_current("rule", path)


def test_results_are_put_down_module_by_module(found: Path) -> None:
    path = found / "results.json"
    ledger.save("rule", read(found, "rule"), "abc", path)
    ledger.save("tags", read(found, "rule"), "def", path)
    entry = ledger.load(path)["rule"]
    assert entry == Entry(killed=2, explained=3, total=9, date=entry.date, of="abc")
    assert list(ledger.load(path)) == ["rule", "tags"]
    page = found / "README.md"
    page.write_text("# Title\n\n1 of 2 modules were tried, long ago.\n\nMore.\n")
    ledger.state(page, path)
    assert page.read_text() == (
        f"# Title\n\n2 of {len(selection())} modules were tried, the last on {entry.date}: "
        "killed 4 of 18 mutants; 14 survive, 6 of them with a reason.\n\nMore.\n"
    )


def test_the_readme_says_how_far_it_has_come() -> None:
    assert f"\n{ledger.closing_line()}\n" in ledger.PAGE.read_text()
