from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
COMMAND = [sys.executable, "-m", "todo_app"]
SECONDS = 30


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=APP,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_unusable_settings_are_one_message_and_exit_code_2(
    command: str, environment: dict[str, str]
) -> None:
    del environment["DATABASE_CA_FILE"]
    done = run([command], environment | {"DATABASE_PORT": "x"})
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "DATABASE_PORT is 'x'" in done.stderr
    assert "DATABASE_CA_FILE" in done.stderr
    assert environment["DATABASE_PASSWORD"] not in done.stderr + done.stdout


def test_a_command_is_required(environment: dict[str, str]) -> None:
    assert run([], environment).returncode == 2


def test_migrate_fails_when_the_database_stays_away(environment: dict[str, str]) -> None:
    done = run(["migrate"], environment | {"MIGRATE_DEADLINE_SECONDS": "1"})
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert "127.0.0.1:1" in lines[0]["message"]
    assert "not migrated within 1 s" in lines[-1]["message"]
    assert done.stderr == ""


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running `serve` without a database, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [*COMMAND, "serve"],
        cwd=APP,
        env=environment | {"HTTP_PORT": str(port), "LAME_DUCK_SECONDS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: get(port, "/healthz") == 200)
        yield process, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def get(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", path)
        return connection.getresponse().status
    return None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_serves_without_a_database_and_says_so(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    _, port = server
    assert get(port, "/healthz") == 200
    assert get(port, "/readyz") == 503
    assert get(port, "/") == 303
    assert get(port, f"/lists/{'0' * 32}") == 503


def test_a_lame_duck_serves_on_and_finishes_what_is_in_flight(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    process, port = server
    body = b'{"title": ""}'
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
        client.sendall(
            b"POST /api/lists/%s/todos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (b"0" * 32, len(body))
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 100 "), "the handler reads the body now"
        os.kill(process.pid, signal.SIGTERM)
        wait_until(lambda: get_header(port, "/healthz", "Connection") == "close")
        assert get(port, "/healthz") == 200
        wait_until(lambda: not listens(port))
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 422 ")
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert all(json.loads(line) for line in output.splitlines())


def get_header(port: int, path: str, name: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().getheader(name)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True
