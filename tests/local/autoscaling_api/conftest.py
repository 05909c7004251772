import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

PROJECT = Path(__file__).parents[3]
Client = Any


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "autoscaling.json"


@pytest.fixture
def running_server(state_file: Path) -> "Callable[[], AbstractContextManager[str]]":
    """Start the server as people do, and end it as an operating system does; gives its URL."""

    @contextmanager
    def run() -> Iterator[str]:
        command = [sys.executable, "-m", "local.autoscaling_api", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--state", str(state_file), "--region", "eu-central-1"],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            process.stdout.close()

    return run


@pytest.fixture
def client_of() -> Iterator[Callable[[str], Client]]:
    clients = []

    def connect(url: str) -> Client:
        # Validation and retries belong to the server and to the test, not to the client.
        client = boto3.client(
            "application-autoscaling",
            endpoint_url=url,
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(
    running_server: "Callable[[], AbstractContextManager[str]]",
    client_of: Callable[[str], Client],
) -> Iterator[Client]:
    with running_server() as url:
        yield client_of(url)
