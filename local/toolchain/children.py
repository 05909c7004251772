"""Child processes that must not outlive the language host."""

import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

__all__ = ["Children", "output_of"]

_PATIENCE_SECONDS = 5.0
_CHUNK_BYTES = 65_536

Chunk = tuple[str, bytes]
"""Name of the stream, "stdout" or "stderr", and some of its bytes."""


class Children:
    """Starts processes and ends all of them that still run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def start(
        self,
        command: Sequence[str],
        *,
        cwd: str | None,
        env: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        output: int | None = None,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process for the duration of a `with` block; leaving it early ends the process."""
        with self._lock:
            process = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=stdin, stdout=output, stderr=output
            )
            self._running.add(process)
        try:
            with process:  # closes its pipes
                try:
                    yield process
                finally:
                    end(process)
        finally:
            with self._lock:
                self._running.discard(process)

    def end_all(self) -> None:
        """End every process that still runs, and wait for it."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output_of(process: subprocess.Popen[bytes]) -> Iterator[Chunk]:
    """Both outputs of a process as they come, until it has closed them."""
    chunks: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()

    def pump(name: str, stream: IO[bytes]) -> None:
        with suppress(ValueError):  # the pipe was closed, as nobody waits for more
            while chunk := stream.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                chunks.put((name, chunk))
        chunks.put(None)

    streams = {"stdout": process.stdout, "stderr": process.stderr}
    open_streams = 0
    for name, stream in streams.items():
        if stream is not None:
            open_streams += 1
            threading.Thread(target=pump, args=(name, stream), daemon=True).start()
    while open_streams:
        chunk = chunks.get()
        if chunk is None:
            open_streams -= 1
        else:
            yield chunk
