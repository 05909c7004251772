"""The place for capacity and cost, with the program's own reading of the config."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ops.errors import OpsError
from ops.report.capacity import capacity_lines, config_at

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("ops.plan")
    module.describe = lambda before, after: [  # type: ignore[attr-defined]
        f"- tasks: {before.max_tasks} → {after.max_tasks}"
    ]
    module.__spec__ = type(sys.__spec__)("ops.plan", None) if sys.__spec__ else None
    monkeypatch.setitem(sys.modules, "ops.plan", module)


def config(**capacity: int) -> dict[str, str]:
    text = (ROOT / "Pulumi.local.yaml").read_text()
    values = yaml.safe_load(text)["config"]
    values["todo:capacity"] |= capacity
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


@pytest.mark.usefixtures("described")
def test_capacity_is_told_from_before_to_after() -> None:
    before, after = config(minTasks=2, maxTasks=3), config(minTasks=2, maxTasks=4)
    assert capacity_lines(before, after) == ["- tasks: 3 → 4"]
    assert capacity_lines(None, after) == ["- tasks: 4 → 4"], "a new stack has no before"


@pytest.mark.usefixtures("described")
def test_a_config_that_is_refused_has_no_capacity() -> None:
    assert capacity_lines(config(), config(maxTasks=-1)) == []
    assert capacity_lines(config(maxTasks=-1), config(maxTasks=4)) == ["- tasks: 4 → 4"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    text = "config:\n  todo:capacity: {maxTasks: 3}\n  aws:region: x\n  todo:s: {secure: v1:abc}\n"
    (tmp_path / "Pulumi.prod.yaml").write_text(text)
    (tmp_path / "Pulumi.bad.yaml").write_text("config: [")
    git("add", "--all")
    git("commit", "--quiet", "--message", "x")
    return tmp_path


def test_the_config_before_is_the_target_branchs(repository: Path) -> None:
    (repository / "Pulumi.prod.yaml").unlink()
    assert config_at("HEAD", "prod", repository) == {
        "todo:capacity": '{"maxTasks": 3}',
        "aws:region": "x",
    }
    assert config_at("HEAD", "new", repository) is None


def test_a_config_that_cannot_be_read_is_named(repository: Path) -> None:
    with pytest.raises(OpsError, match=r"Pulumi\.bad\.yaml of HEAD cannot be read"):
        config_at("HEAD", "bad", repository)
