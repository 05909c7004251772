from pathlib import Path

import pytest

from local import terraform
from local.errors import LocalError
from local.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(root=tmp_path)
    workspace.terraform_state.parent.mkdir()
    workspace.run.mkdir(parents=True)
    return workspace


def _initialise(workspace: Workspace) -> None:
    terraform.initialise(workspace, lambda _line: None)


@pytest.mark.parametrize("content", ["garbage", "", '{"version": 4, "outputs": '])
def test_a_damaged_state_is_named_with_the_way_out(workspace: Workspace, content: str) -> None:
    workspace.terraform_state.write_text(content)
    with pytest.raises(LocalError, match=r"terraform\.tfstate cannot be read.*\n.*make down"):
        _initialise(workspace)


def test_a_state_that_is_gone_while_its_infrastructure_runs_is_named(workspace: Workspace) -> None:
    workspace.terraform_applied.touch()
    with pytest.raises(LocalError, match=r"terraform\.tfstate is gone.*\n.*make down"):
        _initialise(workspace)


def test_no_state_is_right_before_the_first_apply(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # so that it goes no further than looking for terraform
    with pytest.raises(LocalError, match="`terraform` is not installed"):
        _initialise(workspace)
