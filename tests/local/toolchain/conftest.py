import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.toolchain.build import build_aws_plugin, build_pulumi_cli
from local.toolchain.home import Ingredients, assemble_pulumi_home
from local.toolchain.provider_search import aws_provider
from tests.local.toolchain.tiny_project import Project, wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which `pulumi` is the toolchain built from this checkout."""
    home, cache = tmp_path_factory.mktemp("toolchain"), ROOT / ".local" / "cache"
    pulumi = assemble_pulumi_home(
        home,
        Ingredients(
            pulumi=build_pulumi_cli(cache),
            aws_plugin=build_aws_plugin(cache),
            aws_provider=aws_provider(cache),
            python=Path(sys.executable),
        ),
    )
    return {
        **os.environ,
        "PULUMI_HOME": str(home),
        "PATH": f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "DOCKER_BUILDKIT": "0",
    }


@pytest.fixture
def project(toolchain: dict[str, str], tmp_path: Path) -> Project:
    (tmp_path / "state").mkdir()
    (tmp_path / "project" / "pulumi").mkdir(parents=True)
    project = Project(
        directory=tmp_path / "project",
        environment={**toolchain, "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri()},
    )
    (project.directory / "Pulumi.yaml").write_text("name: tiny\nruntime: python\nmain: pulumi/\n")
    project.succeed("stack", "init", "dev")
    return project


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of an emulated AWS that has no Docker engine, and thus no containers."""
    directory = tmp_path_factory.mktemp("emulator")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "DOCKER_HOST": f"unix://{directory}/none.sock",
    }
    with (directory / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=directory,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    endpoint = f"http://localhost:{port}"
    try:
        wait_until(lambda: answers(endpoint))
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.terminate()
        server.wait(30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 -- a loopback address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
