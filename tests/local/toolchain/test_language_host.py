import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from local.toolchain.children import Children, output_of
from local.toolchain.language_host import LanguageHost, interpreter
from tests.local.toolchain.tiny_project import is_running, wait_until


def program(root: Path, **options: str) -> language_pb2.ProgramInfo:
    struct = Struct()
    struct.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(root),
        program_directory=str(root / "program"),
        entry_point=".",
        options=struct,
    )


def test_the_hosts_own_python_is_the_default(tmp_path: Path) -> None:
    assert interpreter(program(tmp_path)) == sys.executable


def test_a_virtual_environment_is_found_from_the_projects_root(tmp_path: Path) -> None:
    python = tmp_path / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert interpreter(program(tmp_path, virtualenv="environment")) == str(python)


def test_a_missing_virtual_environment_is_the_users_one_message(tmp_path: Path) -> None:
    host = LanguageHost("", Children())
    request = language_pb2.RunRequest(info=program(tmp_path, virtualenv="missing"))
    response = host.Run(request, None)  # type: ignore[arg-type]
    assert "'missing'" in response.error
    assert f"python3 -m venv {tmp_path}/missing" in response.error


def test_both_outputs_of_a_process_arrive_as_they_come() -> None:
    code = (
        "import sys; sys.stdout.write('out\\n'); sys.stdout.flush(); sys.stdin.read(1); "
        "print('err', file=sys.stderr, flush=True)"
    )
    with Children().start(
        [sys.executable, "-c", code], cwd=None, stdin=subprocess.PIPE, output=subprocess.PIPE
    ) as process:
        chunks = output_of(process)
        assert next(chunks) == ("stdout", b"out\n"), "before the process has ended"
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.close()
        rest = list(chunks)
        assert {stream for stream, _ in rest} == {"stderr"}
        assert b"".join(chunk for _, chunk in rest) == b"err\n"
        assert process.wait() == 0


SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def test_ends_every_child_that_still_runs() -> None:
    children = Children()
    with children.start(
        [sys.executable, "-c", SLEEPER], cwd=None, output=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        children.end_all()
        assert process.returncode == -signal.SIGTERM


def test_kills_a_child_that_does_not_end_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.toolchain.children._PATIENCE_SECONDS", 0.1)
    with Children().start(
        [sys.executable, "-c", STUBBORN], cwd=None, output=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
    assert process.returncode == -signal.SIGKILL


def test_a_process_ends_with_the_parent_that_was_killed(tmp_path: Path) -> None:
    child = (
        "import os, sys, time; from local.toolchain.lifetime import end_with_parent; "
        "end_with_parent(lambda: os._exit(0)); print(os.getpid(), flush=True); time.sleep(600)"
    )
    parent_code = (
        "import subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    )
    root = str(Path(__file__).resolve().parents[3])
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    with parent.stdout as output:
        output.readline()
        parent.kill()
        parent.wait()
        assert output.read() == b"", "the pipe closes when the child, too, has ended"


def test_ending_the_host_ends_what_it_runs(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    )
    host = subprocess.Popen(
        [sys.executable, "-m", "local.toolchain.language_host", "127.0.0.1:1"],
        cwd=Path(__file__).resolve().parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert host.stdout is not None
    address = f"127.0.0.1:{host.stdout.readline().strip()}"
    with host.stdout, grpc.insecure_channel(address) as channel:
        request = language_pb2.RunPluginRequest(info=program(tmp_path), kind="resource")
        answers = language_pb2_grpc.LanguageRuntimeStub(channel).RunPlugin(request)
        pid = int(next(answers).stdout)
        assert is_running(pid)
        host.terminate()
        assert host.wait(30) == 0
    wait_until(lambda: not is_running(pid))
