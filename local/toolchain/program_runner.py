"""Runs one Pulumi program, told on standard input what the engine asked for.

Started by the language host under the interpreter of the program's own virtual environment, so it
may import nothing of this project. It uses the calls the Automation API makes for inline programs.
"""

import asyncio
import gc
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ERROR_SHOWN", "Execution"]

ERROR_SHOWN = 32
"""Exit code that tells the language host: the user has seen why, say no more."""

# Modules and resources live until the end. Python's own thresholds, of 700 objects and 10 rounds,
# look through all of them again and again: a seventh of the program's time.
_COLLECTION = (100_000, 50, 100)
_THREADS_PER_OPERATION = 4  # each resource operation waits in up to four blocking calls


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What the engine wants run, as JSON between the language host and this program.

    Attributes:
        program: file, or directory with a `__main__.py`.
        arguments: the program's own command line.
        working_directory: where it runs.
        root_directory: where Pulumi.yaml is.
        monitor: address of the engine's resource monitor.
        engine: address of the engine itself, for its log.
        project: name in Pulumi.yaml.
        stack: name of the stack.
        organization: owner of the stack; "organization" where the backend has none.
        dry_run: whether this is a preview.
        parallel: resource operations at a time.
        config: the stack's configuration, decrypted.
        secret_keys: keys of `config` that hold secrets.
    """

    program: str
    arguments: list[str]
    working_directory: str
    root_directory: str
    monitor: str
    engine: str
    project: str
    stack: str
    organization: str
    dry_run: bool
    parallel: int
    config: dict[str, str]
    secret_keys: list[str]


def _main() -> int:
    gc.set_threshold(*_COLLECTION)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # no traceback for someone who pressed Ctrl-C
    try:
        import pulumi  # noqa: F401, PLC0415 -- only here can its absence be explained
    except ImportError:
        traceback.print_exc()
        print(
            f"The Pulumi SDK is not installed for {sys.executable}.\n"
            f"Run `{sys.executable} -m pip install -r requirements.txt`.",
            file=sys.stderr,
        )
        return ERROR_SHOWN
    execution = Execution(**json.load(sys.stdin))
    os.chdir(execution.working_directory)
    sys.argv = [execution.program, *execution.arguments]
    _configure(execution)
    return _run(execution)


def _configure(execution: Execution) -> None:
    from pulumi.runtime import reset_options, set_all_config  # noqa: PLC0415 -- see _main

    reset_options(
        project=execution.project,
        stack=execution.stack,
        organization=execution.organization,
        root_directory=execution.root_directory,
        monitor_address=execution.monitor,
        engine_address=execution.engine,
        parallel=execution.parallel,
        preview=execution.dry_run,
    )
    set_all_config(execution.config, execution.secret_keys)


def _run(execution: Execution) -> int:
    import pulumi  # noqa: PLC0415 -- see _main
    from pulumi.runtime import run_in_stack  # noqa: PLC0415 -- see _main

    # A program that fails leaves outputs nobody awaits; asyncio would report each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    threads = ThreadPoolExecutor(_THREADS_PER_OPERATION * max(execution.parallel, 1))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(threads)
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(execution.program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return ERROR_SHOWN
    except Exception:  # noqa: BLE001 -- whatever a program raises is its user's to see
        shown = _users_traceback(execution)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{shown}")
        return ERROR_SHOWN
    finally:
        threads.shutdown()
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _execute(program: str) -> None:
    path = Path(program)
    if path.is_dir() and not (path / "__main__.py").is_file():
        import pulumi  # noqa: PLC0415 -- see _main

        raise pulumi.RunError(f"There is no Python program in {path}: it has no __main__.py.")
    runpy.run_path(program, run_name="__main__")


def _users_traceback(execution: Execution) -> str:
    """The current exception's traceback from the program's first own frame on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    directory = Path(execution.program)
    directory = directory if directory.is_dir() else directory.parent
    for index, frame in enumerate(frames):
        if Path(frame.filename).is_relative_to(directory):
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


if __name__ == "__main__":
    sys.exit(_main())
