import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from local.toolchain.home import Ingredients, assemble_pulumi_home


@pytest.fixture
def parts(tmp_path: Path) -> Ingredients:
    for name in ("pulumi", "pulumi-resource-aws"):
        tool = tmp_path / "built" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text('#!/bin/sh\necho "$0 $TERRAFORM_AWS_PROVIDER_PATH $*"\n')
        tool.chmod(0o755)
    return Ingredients(
        pulumi=tmp_path / "built" / "pulumi",
        aws_plugin=tmp_path / "built" / "pulumi-resource-aws",
        aws_provider=tmp_path / "a mirror" / "terraform-provider-aws_v5.100.0_x5",
        python=Path(sys.executable),
    )


def snapshot(home: Path) -> dict[Path, tuple[int, int]]:
    statuses = {path: path.lstat() for path in home.rglob("*")}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in statuses.items()}


def test_plugins_have_the_exact_versions_of_their_sdks(tmp_path: Path, parts: Ingredients) -> None:
    assemble_pulumi_home(tmp_path / "home", parts)
    installed = {path.name for path in (tmp_path / "home" / "plugins").iterdir()}
    assert installed == {
        f"resource-{name}-v{metadata.version(f'pulumi-{name}')}"
        for name in ("aws", "docker", "terraform")
    }


def test_the_language_host_is_beside_the_real_cli(tmp_path: Path, parts: Ingredients) -> None:
    pulumi = assemble_pulumi_home(tmp_path / "home", parts)
    assert not pulumi.is_symlink(), "the engine would look beside the link's target"
    assert os.access(pulumi.with_name("pulumi-language-python"), os.X_OK)


def test_assembling_again_writes_nothing(tmp_path: Path, parts: Ingredients) -> None:
    assemble_pulumi_home(tmp_path / "home", parts)
    before = snapshot(tmp_path / "home")
    assemble_pulumi_home(tmp_path / "home", parts)
    assert snapshot(tmp_path / "home") == before


def test_a_rebuilt_cli_and_a_stale_plugin_are_replaced(tmp_path: Path, parts: Ingredients) -> None:
    pulumi = assemble_pulumi_home(tmp_path / "home", parts)
    stale = tmp_path / "home" / "plugins" / "resource-aws-v1.0.0"
    stale.mkdir()
    parts.pulumi.unlink()
    parts.pulumi.write_text("rebuilt")
    assemble_pulumi_home(tmp_path / "home", parts)
    assert pulumi.read_text() == "rebuilt"
    assert not stale.exists()


def test_the_aws_plugin_is_told_where_the_provider_is(tmp_path: Path, parts: Ingredients) -> None:
    assemble_pulumi_home(tmp_path / "home", parts)
    [launcher] = (tmp_path / "home" / "plugins").glob("*/pulumi-resource-aws")
    run = subprocess.run([launcher, "127.0.0.1:1"], capture_output=True, text=True, check=True)
    assert run.stdout.split(maxsplit=1)[1] == f"{parts.aws_provider} 127.0.0.1:1\n"


@pytest.mark.parametrize(
    "plugin", ["pulumi-language-python", "pulumi-resource-docker", "pulumi-resource-terraform"]
)
def test_python_plugins_start_in_any_directory(
    tmp_path: Path, parts: Ingredients, plugin: str
) -> None:
    assemble_pulumi_home(tmp_path / "home", parts)
    [launcher] = (tmp_path / "home").rglob(plugin)
    elsewhere = tmp_path / "elsewhere"
    for shadow in ("pulumi", "local", "grpc"):
        (elsewhere / shadow).mkdir(parents=True)
        (elsewhere / shadow / "__init__.py").write_text("raise SystemExit('shadowed')")
    process = subprocess.Popen(
        [launcher, "127.0.0.1:1"], cwd=elsewhere, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        port = output.readline()
    process.terminate()
    process.wait()
    assert 0 < int(port) < 65536
