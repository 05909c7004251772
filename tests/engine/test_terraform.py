"""The existing infrastructure's own tests, by Terraform itself; they make nothing anywhere."""

from pathlib import Path

import pytest

from local.terraform import initialise
from local.workspace import Workspace
from tests.running_system import CommandResult, run_command

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The sources alone, initialised in a place of their own."""
    workspace = Workspace(root=tmp_path_factory.mktemp("terraform"))
    (workspace.root / "terraform" / "tests").mkdir(parents=True)
    for source in (Workspace().root / "terraform").rglob("*.*"):
        if source.suffix in (".tf", ".hcl") and not source.name.startswith("."):
            copy = workspace.root / source.relative_to(Workspace().root)
            copy.write_text(source.read_text())
    initialise(workspace, lambda _line: None)
    return workspace


def _terraform(workspace: Workspace, *arguments: str) -> CommandResult:
    words = ["terraform", *arguments, "-no-color"]
    return run_command(words, cwd=workspace.root / "terraform", env=workspace.environment())


@pytest.mark.parametrize("arguments", [["validate"], ["test"]], ids=lambda words: str(words[0]))
def test_terraform_finds_nothing_wrong(workspace: Workspace, arguments: list[str]) -> None:
    done = _terraform(workspace, *arguments)
    assert done.code == 0, done.output
    assert "Success!" in done.output


def test_terraform_refuses_a_single_zone(workspace: Workspace, tmp_path: Path) -> None:
    variables = tmp_path / "one-zone.tfvars"
    variables.write_text('availability_zones = ["eu-west-1a"]\n')
    done = _terraform(workspace, "plan", "-input=false", f"-var-file={variables}")
    assert done.code != 0
    assert "availability_zones" in done.output
