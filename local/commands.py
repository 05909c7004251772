"""Running other programs: full output to a log file, last line to whoever watches."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.errors import LocalError

__all__ = ["LOOPBACK", "Watch", "last_lines", "reachable", "require", "run"]

Watch = Callable[[str], None]
"""Receives each line of a running command, for progress."""

_TAIL = 15


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
    output: list[str] = []
    with log.open("w") as file, _start(words, env, cwd) as process:
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            output.append(line)
            if watch and line.strip():
                watch(line.strip())
    text = "".join(output)
    if process.returncode:
        name = " ".join([Path(words[0]).name, *words[1:2]])
        raise LocalError(
            f"`{name}` failed with exit code {process.returncode}:\n{last_lines(text)}",
            fix=f"{fix} The whole output is in {log}.".strip(),
        )
    return text


def _start(
    words: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=None if env is None else dict(env),
            cwd=cwd,
        )
    except OSError as error:
        raise LocalError(
            f"`{words[0]}` cannot be started: {error.strerror}.",
            fix="Is it installed, on PATH and executable?",
        ) from None


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
