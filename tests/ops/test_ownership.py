"""Whose a change is, judged over real branches."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops import ownership
from ops.errors import OpsError
from ops.ownership import Verdict, judge
from ops.stack_files import PRODUCT_KEYS, UnclearError, changed_keys

ROOT = Path(__file__).resolve().parents[2]
PROD = """\
# What is not here has its default.
config:
  aws:region: eu-west-1
  todo:capacity:
    taskSize: small
    maxTasks: 20
  todo:database:
    size: large
  todo:network:
    vpcEndpoints: true # the only one
encryptionsalt: v1:abc=
"""
FILE = "Pulumi.prod.yaml"


@dataclass(frozen=True)
class Repository:
    root: Path

    def git(self, *words: str) -> str:
        names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        env = os.environ | {f"GIT_{name}": "x@example.com" for name in names}
        env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, **files: str | bytes | None) -> None:
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")

    def change(self, text: str | bytes | None) -> Verdict:
        """Commit another stack file on the branch, and judge it."""
        self.commit(**{FILE: text})
        return self.verdict()

    def verdict(self) -> Verdict:
        return judge(self.root, "main", "change")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.commit(**{FILE: PROD, "README.md": "x"})
    repository.git("switch", "--quiet", "--create", "change")
    return repository


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("maxTasks: 20", "maxTasks: 30", ["todo:capacity"]),
        ("    size: large\n", "    size: xlarge\n    storageGiB: 200\n", ["todo:database"]),
        ("    maxTasks: 20\n", "", ["todo:capacity"]),
        ("  todo:database:\n    size: large\n", "", ["todo:database"]),
        ("    taskSize: small\n    maxTasks: 20\n", "    {taskSize: small, maxTasks: 9}\n",
         ["todo:capacity"]),
        ("maxTasks: 20", "maxTasks: 20\n    events: [{name: launch}]", ["todo:capacity"]),
        ("# What is not here has its default.\n", "", []),
        ("true # the only one", "true # one of two", []),
        ("config:\n  aws:region: eu-west-1\n", "config:\n    aws:region: eu-west-1\n", None),
    ],
)  # fmt: skip
def test_the_product_teams_own_keys_need_nobody_else(
    repository: Repository, old: str, new: str, keys: list[str] | None
) -> None:
    text = PROD.replace(old, new)
    if keys is None:  # laid out otherwise, and the same
        text, keys = yaml.safe_dump(yaml.safe_load(PROD), default_flow_style=False, indent=4), []
    assert text != PROD
    verdict = repository.change(text)
    assert verdict.product_only, verdict.line
    assert verdict.keys == {FILE: tuple(keys)}
    assert verdict.line.endswith("no review of the platform team is needed")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("vpcEndpoints: true", "vpcEndpoints: false", "todo:network"),
        ("vpcEndpoints: true", 'vpcEndpoints: "true"', "todo:network"),
        ("vpcEndpoints: true", "vpcEndpoints: yes", "todo:network"),
        ("  todo:network:\n    vpcEndpoints: true # the only one\n", "", "todo:network"),
        ("aws:region: eu-west-1", "aws:region: eu-west-2", "aws:region"),
        ("config:\n", "config:\n  todo:audit: {trail: false}\n", "todo:audit"),
        ("config:\n", "config:\n  todo:config:capacity: {maxTasks: 1}\n", "todo:config:capacity"),
        ("v1:abc=", "v1:abd=", "(encryptionsalt)"),
        ("encryptionsalt", "environment: [other]\nencryptionsalt", "(environment)"),
        ("config:", "Config:", "(Config)"),
        (PROD, "- config", "it is no mapping"),
        (PROD, "", "it is not one document"),
        ("config:", "config: [", "cannot be read as YAML"),
        ("encryptionsalt", "---\nconfig: {}\n---\nencryptionsalt", "not one document"),
        ("# What", "%YAML 1.2\n---\n# What", "it has directives"),
        ("maxTasks: 20", "maxTasks: &n 20", "it has anchors"),
        ("  todo:database:\n", "  todo:database: &d\n", "it has anchors"),
        ("maxTasks: 20", "maxTasks: 20\n    <<: {a: 1}", "a key that is no text"),
        ("maxTasks: 20", "maxTasks: !!int 20", "it has tags"),
        ("maxTasks: 20", "maxTasks: 20\n    maxTasks: 21", "names maxTasks twice"),
        ("  todo:database:", "  todo:capacity: {}\n  todo:database:", "names todo:capacity twice"),
        ("encryptionsalt", "config: {}\nencryptionsalt", "names config twice"),
        ("maxTasks: 20", "maxTasks: 20\n    7: x", "a key that is no text"),
        ("# the only one", "# the\u2028  todo:audit: {}", "unusual line ends"),
        ("config:\n", "config: text\nold:\n", "its config is no mapping"),
        ("# What", f"#{'x' * 200_000}\n# What", "too long"),
    ],
)
def test_everything_else_in_a_stacks_config_is_the_platforms(
    repository: Repository, old: str, new: str, why: str
) -> None:
    assert PROD.count(old) == 1
    # The product team's own keys beside it change nothing of that.
    text = PROD.replace("size: large", "size: xlarge") if "size" not in old + new else PROD
    verdict = repository.change(text.replace(old if old != PROD else text, new))
    assert not verdict.product_only
    (part,) = verdict.platform
    assert part.path == FILE
    assert why in part.why
    assert verdict.line.startswith("the platform team has to review: Pulumi.prod.yaml")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\0", PROD.encode("utf-16")])
def test_what_is_no_text_is_the_platforms(repository: Repository, text: bytes) -> None:
    assert not repository.change(text).product_only


def _renamed(repository: Repository) -> None:
    repository.git("mv", FILE, "Pulumi.production.yaml")


def _new_stack(repository: Repository) -> None:
    (repository.root / "Pulumi.new.yaml").write_text("config:\n  todo:capacity: {}\n")


def _gone(repository: Repository) -> None:
    (repository.root / FILE).unlink()


def _executable(repository: Repository) -> None:
    (repository.root / FILE).chmod(0o755)


def _link(repository: Repository) -> None:
    _gone(repository)
    (repository.root / FILE).symlink_to("README.md")


def _beside(repository: Repository) -> None:
    (repository.root / FILE).write_text(PROD.replace("20", "30"))
    (repository.root / "README.md").write_text("y")


def _deeper(repository: Repository) -> None:
    (repository.root / "deep").mkdir()
    (repository.root / "deep" / FILE).write_text(PROD)


@pytest.mark.parametrize("act", [_renamed, _new_stack, _gone, _executable, _link, _beside, _deeper])
def test_other_files_and_other_kinds_of_change_are_the_platforms(
    repository: Repository, act: Callable[[Repository], None]
) -> None:
    act(repository)
    repository.commit()
    verdict = repository.verdict()
    assert not verdict.product_only
    assert verdict.platform


def test_what_happens_on_the_branch_meanwhile_is_not_the_changes(repository: Repository) -> None:
    repository.commit(**{FILE: PROD.replace("20", "30")})
    repository.git("switch", "--quiet", "main")
    repository.commit(**{"README.md": "y", FILE: PROD.replace("true", "false")})
    assert repository.verdict().product_only


def test_a_change_taken_back_is_none(repository: Repository) -> None:
    repository.change(PROD.replace("true", "false"))
    verdict = repository.change(PROD)
    assert (verdict.line, verdict.product_only) == ("nothing changes", False)


def test_names_of_files_are_taken_as_they_are(repository: Repository) -> None:
    (repository.root / "a\n:100644 b\tc ä").write_text("x")
    repository.commit()
    (part,) = repository.verdict().platform
    assert part.path == "a\n:100644 b\tc ä"


def test_a_history_that_crosses_is_the_platforms(repository: Repository) -> None:
    repository.commit(**{FILE: PROD.replace("20", "30")})
    repository.git("switch", "--quiet", "main")
    repository.commit(**{"README.md": "y"})
    repository.git("tag", "m")
    repository.git("merge", "--quiet", "--no-edit", "change")
    repository.git("switch", "--quiet", "change")
    repository.git("merge", "--quiet", "--no-edit", "m")
    assert any(part.path == "(history)" for part in repository.verdict().platform)


@pytest.mark.parametrize("revision", ["none", "--help", "-x", "main:README.md"])
def test_an_unknown_revision_is_named(repository: Repository, revision: str) -> None:
    with pytest.raises(OpsError, match=r"BASE is .* but git knows no such revision here"):
        judge(repository.root, revision, "change")


def test_a_shallow_checkout_is_told_what_to_fetch(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--orphan", "other")
    repository.commit(x="y")
    with pytest.raises(OpsError, match="fetch-depth: 0"):
        judge(repository.root, "main", "other")


def test_the_verdict_is_there_for_people_and_for_programs(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit(**{FILE: PROD.replace("20", "30")})
    monkeypatch.chdir(repository.root)
    assert ownership.main(["--json", "verdict.json", "--enforce"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("product team only (todo:capacity in Pulumi.prod.yaml)")
    assert json.loads(Path("verdict.json").read_text()) == {
        "productOnly": True,
        "line": shown.strip(),
        "keys": {FILE: ["todo:capacity"]},
        "platform": [],
    }


def test_the_exit_code_says_what_was_asked(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit(**{"README.md": "y"})
    monkeypatch.chdir(repository.root)
    assert ownership.main([]) == 0
    assert ownership.main(["--enforce"]) == 1
    assert ownership.main(["--base", "none"]) == 2
    assert capsys.readouterr().err.startswith("✗ BASE is 'none'")


def test_the_keys_are_those_that_pulumi_yaml_gives_to_the_product_team() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    owned = {
        key
        for key, schema in project["config"].items()
        if schema["description"].startswith("Product team.")
    }
    assert owned == PRODUCT_KEYS


@given(st.data())
def test_whatever_is_typed_into_the_file_the_platforms_keys_are_seen(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(PROD)))
    end = data.draw(st.integers(start, min(len(PROD), start + 8)))
    typed = data.draw(st.text(st.sampled_from(" \n#:-{}[]&*!|>'\"%@\ttodo01"), max_size=8))
    text = PROD[:start] + typed + PROD[end:]
    try:
        changed = set(changed_keys(PROD.encode(), text.encode()))
    except UnclearError:
        return
    before, after = yaml.safe_load(PROD), yaml.safe_load(text)
    if changed <= PRODUCT_KEYS:
        for key in PRODUCT_KEYS:
            before["config"].pop(key, None)
            after["config"].pop(key, None)
        assert after == before
