"""gitleaks, in repositories with a secret in one place or another."""

from __future__ import annotations

import os
import re
import secrets as chance
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.workspace import Workspace
from ops.supply_chain.result import Outcome
from ops.supply_chain.secrets import in_history, in_tree

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / ".gitleaks.toml"
BUILT = sorted(Workspace().cache.glob("gitleaks-*/gitleaks"))

pytestmark = pytest.mark.skipif(not BUILT, reason="`make secrets` builds gitleaks")


def planted() -> str:
    """A line with a key of AWS's form, made anew: written here, it would be found here."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return f'key = "AKIA{"".join(chance.choice(letters) for _ in range(16))}"\n'


@dataclass(frozen=True)
class Repository:
    root: Path

    def git(self, *words: str) -> None:
        env = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        env |= {f"GIT_{name}": "x@example.com" for name in names}
        subprocess.run(["git", *words], cwd=self.root, env=env, capture_output=True, check=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--initial-branch", "main")
    shutil.copy(CONFIG, tmp_path)
    (tmp_path / "app.py").write_text("key = None\n")
    repository.commit()
    return repository


def test_nothing_is_found_where_nothing_is(repository: Repository) -> None:
    for look in (in_tree, in_history):
        result = look(BUILT[-1], repository.root)
        assert (result.outcome, result.details) == (Outcome.CLEAN, ())


def _untracked(repository: Repository) -> None:
    (repository.root / "notes.txt").write_text(planted())


def _removed_again(repository: Repository) -> None:
    _untracked(repository)
    repository.commit()
    (repository.root / "notes.txt").unlink()
    repository.commit()


def _of_another_branch(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "other")
    _untracked(repository)
    repository.commit()
    repository.git("switch", "--quiet", "main")


@pytest.mark.parametrize(
    ("plant", "tree", "history"),
    [(_untracked, True, False), (_removed_again, False, True), (_of_another_branch, False, True)],
)
def test_a_secret_is_found_wherever_it_is(
    repository: Repository, plant: Callable[[Repository], None], *, tree: bool, history: bool
) -> None:
    plant(repository)
    for look, there in ((in_tree, tree), (in_history, history)):
        result = look(BUILT[-1], repository.root)
        assert result.outcome is (Outcome.FOUND if there else Outcome.CLEAN)
        if there:
            assert re.fullmatch(r"notes\.txt:1.*: aws-access-token", result.details[0])
            assert "AKIA" not in "".join(result.details), "it is not shown once more"


def test_what_git_ignores_is_not_looked_at(repository: Repository) -> None:
    (repository.root / ".gitignore").write_text("*.env\n")
    (repository.root / "local.env").write_text(planted())
    assert in_tree(BUILT[-1], repository.root).outcome is Outcome.CLEAN


def test_half_a_history_is_not_taken_for_all_of_it(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _removed_again(repository)
    shallow = tmp_path_factory.mktemp("shallow") / "copy"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(shallow))
    assert in_history(BUILT[-1], shallow).outcome is Outcome.NOT_CHECKED


def test_a_config_that_cannot_be_read_is_no_good_news(repository: Repository) -> None:
    (repository.root / ".gitleaks.toml").write_text("[extend\n")
    assert in_tree(BUILT[-1], repository.root).outcome is Outcome.NOT_CHECKED


def test_whatever_is_let_through_has_a_reason() -> None:
    text = CONFIG.read_text()
    blocks = text.split("[[allowlists]]")[1:]
    assert all(re.search(r'^description = ".{20,}"$', block, re.MULTILINE) for block in blocks)
