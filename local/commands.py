"""Running other programs: full output to a log file, last line to whoever watches.

Each has a session of its own, so that a signal to ours does not reach it: Pulumi and Terraform end
in order at the first, and at once at the second. `interrupt_commands` sends exactly one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from local.errors import LocalError

__all__ = [
    "LOOPBACK",
    "OWNER_VARIABLE",
    "CommandError",
    "Watch",
    "interrupt_commands",
    "last_lines",
    "pause",
    "reachable",
    "require",
    "run",
]

OWNER_VARIABLE = "LOCAL_COMMAND_OWNER"
"""Variable of every command and its children: our process and the command's log, as `PID:LOG`.

By it they are found again after we were killed.
"""

Watch = Callable[[str], None]
"""Receives each line of a running command, for progress."""

_TAIL = 15

_lock = threading.Lock()
_running: set[subprocess.Popen[str]] = set()
_interrupted = threading.Event()


class CommandError(LocalError):
    """A command that ended otherwise than it should.

    Attributes:
        code: its exit code; negative if a signal ended it, which then has that number.
    """

    def __init__(self, message: str, *, fix: str, code: int) -> None:
        super().__init__(message, fix=fix)
        self.code = code


def interrupt_commands(number: signal.Signals = signal.SIGINT) -> None:
    """Send a signal to every command that runs, and let no other start."""
    with _lock:
        _interrupted.set()
        for process in _running:
            _send(process, number)


def pause(seconds: float) -> None:
    """Wait before looking again.

    Raises:
        LocalError: if commands were interrupted, so that there is nothing to wait for.
    """
    if _interrupted.wait(seconds):
        raise _too_late()


def last_lines(text: str, count: int = _TAIL) -> str:
    """The last non-empty lines of a text, indented."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-count:])


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    watch: Watch | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    fix: str = "",
) -> str:
    """Run a command to its end and return what it printed.

    Args:
        command: program and arguments.
        log: file that receives the whole output.
        watch: called with each line as it comes.
        env: the whole environment; the caller's own by default.
        cwd: working directory.
        fix: what to do if it fails; the log's path is always named.

    Raises:
        LocalError: if the command cannot be started or exits with another code than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    variables = {
        **(os.environ if env is None else env),
        OWNER_VARIABLE: f"{os.getpid()}:{log}",
    }
    output: list[str] = []
    with log.open("w") as file, _started(words, variables, cwd) as process:
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            output.append(line)
            if watch and line.strip():
                watch(line.strip())
    text = "".join(output)
    if process.returncode:
        name = " ".join([Path(words[0]).name, *words[1:2]])
        raise CommandError(
            f"`{name}` {_how_it_ended(process.returncode)}:\n{last_lines(text)}",
            fix=f"{fix} The whole output is in {log}.".strip(),
            code=process.returncode,
        )
    return text


@contextlib.contextmanager
def _started(
    words: Sequence[str], env: Mapping[str, str], cwd: Path | None
) -> Iterator[subprocess.Popen[str]]:
    """Have a command run; who leaves the block early by Ctrl+C takes it along."""
    with _lock:
        if _interrupted.is_set():
            raise _too_late()
        process = _start(words, env, cwd)
        _running.add(process)
    try:
        with process:
            try:
                yield process
            except KeyboardInterrupt:
                _send(process, signal.SIGINT)
                process.communicate()
                raise
    finally:
        with _lock:
            _running.discard(process)


def _start(words: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise LocalError(
            f"`{words[0]}` cannot be started: {error.strerror}.",
            fix="Is it installed, on PATH and executable?",
        ) from None


def _send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to the command's process group, as a terminal does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _how_it_ended(code: int) -> str:
    return f"failed with exit code {code}" if code > 0 else f"was ended by {_name(-code)}"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _too_late() -> LocalError:
    return LocalError("Interrupted.", fix="`make up` resumes.")


def require(program: str, *, fix: str) -> Path:
    """Find a program on PATH.

    Raises:
        LocalError: if it is not there.
    """
    found = shutil.which(program)
    if found is None:
        raise LocalError(f"`{program}` is not installed or not on PATH.", fix=fix)
    return Path(found)


LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens URLs of this machine: a proxy of the environment is for the world."""


def reachable(
    url: str, *, opener: urllib.request.OpenerDirector | None = None, timeout: float = 4.0
) -> bool:
    """Whether a server answers at all within `timeout` seconds, with whatever status."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - http and https only
    try:
        with (opener or urllib.request.build_opener()).open(request, timeout=timeout):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
