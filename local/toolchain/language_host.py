"""`pulumi-language-python`: runs Python programs and policy packs for the Pulumi engine.

Written on the protocol classes of the PyPI SDK. Generating code, installing dependencies and
debugging are left out: the engine reports those as not implemented.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from types import FrameType

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from local.toolchain.children import Children, output_of
from local.toolchain.early_plugin import EarlyPlugin
from local.toolchain.lifetime import end_with_parent
from local.toolchain.program_runner import ERROR_SHOWN, Execution

__all__ = ["LanguageHost", "interpreter"]

_RUNNER = Path(__file__).with_name("program_runner.py")
_ANALYZER = "analyzer"  # the engine's word for a policy pack
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_THREADS = 16
_AWS_SDK = "lib/python*/site-packages/pulumi_aws"


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """The Python a program asks for with `runtime.options.virtualenv`, else this one.

    Raises:
        FileNotFoundError: if that virtual environment does not exist.
    """
    if "virtualenv" not in info.options:
        return sys.executable
    virtualenv = str(info.options["virtualenv"])
    python = Path(info.root_directory, virtualenv, "bin", "python")
    if not python.is_file():
        raise FileNotFoundError(
            f"The option virtualenv is {virtualenv!r}, but there is no {python}. "
            f"Create it with `python3 -m venv {python.parent.parent}` and install requirements.txt."
        )
    return str(python)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The engine's language protocol for Python."""

    def __init__(self, engine: str, children: Children, early: EarlyPlugin | None = None) -> None:
        self._engine = engine
        self._children = children
        self._early = early

    def Handshake(  # noqa: N802
        self, request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn the engine's address."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """Tell the SDK's version, as the host has none of its own."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, _context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """Tell which interpreter programs run under."""
        version = sys.version.split(maxsplit=1)[0]
        return language_pb2.AboutResponse(executable=interpreter(request.info), version=version)

    def GetRequiredPackages(  # noqa: N802
        self, _request: language_pb2.GetRequiredPackagesRequest, _context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name none: every SDK sends its plugin's version with each resource anyway."""
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(  # noqa: N802
        self, _request: language_pb2.RuntimeOptionsRequest, _context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Ask nothing."""
        return language_pb2.RuntimeOptionsResponse()

    def Cancel(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """End whatever runs."""
        self._children.end_all()
        return empty_pb2.Empty()

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a program to its end. What it prints goes to the engine through our own output."""
        try:
            command = [interpreter(request.info), "-P", "-u", str(_RUNNER)]
        except FileNotFoundError as error:
            return language_pb2.RunResponse(error=str(error))
        self._expect_aws(command[0])
        order = json.dumps(dataclasses.asdict(_execution(request, self._engine))).encode()
        cwd = request.info.program_directory
        with self._children.start(command, cwd=cwd, stdin=subprocess.PIPE) as process:
            context.add_callback(process.terminate)
            process.communicate(order)
        if process.returncode == ERROR_SHOWN:
            return language_pb2.RunResponse(bail=True)
        if process.returncode != 0:
            return language_pb2.RunResponse(error=_how_it_ended(process.returncode))
        return language_pb2.RunResponse()

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a plugin written in Python, such as a policy pack, and stream its output."""
        try:
            command = _plugin_command(request)
        except FileNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        if request.kind == _ANALYZER:
            self._expect_aws(command[0])
        env = dict(entry.split("=", 1) for entry in request.env) or None
        with self._children.start(
            command, cwd=request.pwd or None, env=env, output=subprocess.PIPE
        ) as process:
            context.add_callback(process.terminate)
            for stream, chunk in output_of(process):
                if stream == "stdout":
                    yield language_pb2.RunPluginResponse(stdout=chunk)
                else:
                    yield language_pb2.RunPluginResponse(stderr=chunk)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def _expect_aws(self, python: str) -> None:
        """Start the AWS plugin early for a program that has its SDK."""
        if self._early and [*Path(python).parent.parent.glob(_AWS_SDK)]:
            self._early.start(self._engine)


def _execution(request: language_pb2.RunRequest, engine: str) -> Execution:
    info = request.info
    return Execution(
        program=str(Path(info.program_directory, info.entry_point)),
        arguments=list(request.args),
        working_directory=request.pwd or info.program_directory,
        root_directory=info.root_directory,
        monitor=request.monitor_address,
        engine=engine,
        project=request.project,
        stack=request.stack,
        organization=request.organization or "organization",
        dry_run=request.dryRun,
        parallel=request.parallel,
        config=dict(request.config),
        secret_keys=list(request.configSecretKeys),
    )


def _plugin_command(request: language_pb2.RunPluginRequest) -> list[str]:
    python, directory = interpreter(request.info), request.info.program_directory
    if request.kind == _ANALYZER:
        return [python, "-u", "-m", "pulumi.policy", *request.args, directory]
    return [python, "-u", directory, *request.args]


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"the program was ended by {signal.Signals(-code).name}"
    return f"the program ended with exit code {code}"


def _serve(engine: str) -> None:
    children = Children()
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_UNLIMITED)
    early = EarlyPlugin(
        Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"), "aws", os.getppid()
    )
    host = LanguageHost(engine, children, early)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def end(_number: int = 0, _frame: FrameType | None = None) -> None:
        children.end_all()
        early.end()
        os._exit(0)  # not sys.exit: calls in flight have threads that wait for the engine

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    end_with_parent(end)
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    _serve(next((word for word in sys.argv[1:] if not word.startswith("-")), ""))
