from pathlib import Path

import pytest

from local.errors import LocalError
from local.preview import Options, _told, policy_options, preview, stacks
from local.preview_config import Change
from local.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.dev.yaml"):
        (tmp_path / name).write_text("")
    return Workspace(root=tmp_path)


def test_a_stack_is_what_has_a_config_file(workspace: Workspace) -> None:
    assert stacks(workspace) == ["dev", "prod"]


def test_a_stack_that_is_not_there_is_an_error_before_anything_is_started(
    workspace: Workspace,
) -> None:
    with pytest.raises(LocalError, match=r"no Pulumi\.production\.yaml") as caught:
        preview(workspace, Options(stack="production"))
    assert "dev, prod" in caught.value.fix
    assert not workspace.home.exists()


def test_a_stack_with_a_policy_config_is_judged_by_it(workspace: Workspace) -> None:
    assert policy_options(workspace, "prod") == ["--policy-pack", "policies"]
    config = workspace.root / "policies" / "config" / "prod.json"
    config.parent.mkdir(parents=True)
    config.write_text("{}")
    assert policy_options(workspace, "prod")[2:] == [
        *("--policy-pack-config", "policies/config/prod.json")
    ]
    assert len(policy_options(workspace, "dev")) == 2


def test_what_a_preview_leaves_out_is_told_with_its_reason() -> None:
    told = _told("prod", [Change(key="todo:audit.trail", here="false", why="it has no plugin")])
    assert "todo:audit.trail  false: it has no plugin" in told
    assert "whole" in _told("dev", [])
