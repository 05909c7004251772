"""What `make up`, `make status`, `make down` and their kin do, in order."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from local import browser, docker_engine, emulator, images, pulumi_engine, stack, terraform
from local.commands import Watch, pause
from local.containers import containers
from local.emulator_end import commands_end_with_emulator, require_emulator
from local.errors import LocalError
from local.leftovers import end_children, end_leftovers
from local.python_packages import FOR_RUNNING, FOR_TESTING, ensure_packages
from local.steps import Step, run_steps
from local.workspace import Workspace

__all__ = [
    "down",
    "environment",
    "load_balancer_host",
    "only_one",
    "packages",
    "preparation",
    "status",
    "test_browser",
    "up",
]

_Work = Callable[[Workspace, Watch], str]

_READY_SECONDS = 90
_PATIENCE_SECONDS = 90
"""For what a killed run left: a load balancer takes the longest, a minute."""


def up(workspace: Workspace) -> int:
    """Bring the whole system up, or to the state that the sources now describe."""
    pulumi_engine.is_official()  # decided once, before steps that run side by side ask
    with only_one(workspace):
        try:
            run_steps(_steps(workspace))
        except LocalError:
            require_emulator(workspace)
            raise
    print(f"\n  http://{load_balancer_host(workspace)}/\n")
    return 0


def packages(workspace: Workspace) -> int:
    """Install the Python packages of tests and checks."""
    run_steps([_test_packages(workspace)])
    return 0


def test_browser(workspace: Workspace) -> int:
    """Install those packages, and a browser."""
    step = Step(
        name="Chromium",
        run=partial(browser.ensure_browser, workspace),
        needs=(_test_packages(workspace).name,),
    )
    run_steps([_test_packages(workspace), step])
    return 0


def _test_packages(workspace: Workspace) -> Step:
    return Step(
        name="Python packages for tests",
        run=lambda watch: ensure_packages(workspace, FOR_TESTING, watch),
    )


def status(workspace: Workspace) -> int:
    """Show what runs; 0 if the page can be used, 1 if not."""
    engine = docker_engine.server_version()
    print(f"  Docker engine    {engine or 'not running'}")
    for container in containers(workspace) if engine else []:
        print(f"  container        {container.name}: {container.status}")
    try:
        host = load_balancer_host(workspace)
        ready = _readiness(workspace, host) == http.client.OK
        print(f"  page             http://{host}/ {'ready' if ready else 'NOT ready'}")
    except LocalError:
        ready = False
        print("  page             not deployed; `make up` deploys it")
    return 0 if ready else 1


def down(workspace: Workspace) -> int:
    """Stop and remove everything that `up` started; builds and downloads stay in the cache."""
    with only_one(workspace, patience=0):  # what is removed need not be in order
        removed = emulator.stop_emulator(workspace)
        stopped = docker_engine.stop_docker(workspace)
    print(f"  removed {removed} containers{', stopped the Docker engine' if stopped else ''}")
    return 0


def environment(workspace: Workspace) -> int:
    """Print the environment of the local system, for `eval "$(make -s env)"` in a shell."""
    wanted = pulumi_engine.engine_environment(workspace)
    for name in sorted(os.environ.keys() - wanted.keys()):
        print(f"unset {name}")
    for name, value in sorted(wanted.items()):
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")
    return 0


def load_balancer_host(workspace: Workspace) -> str:
    """Host and port under which the stack's load balancer answers.

    Raises:
        LocalError: if the stack is not deployed.
    """
    return f"{stack.load_balancer(workspace)}.alb.localhost:{workspace.http_port}"


def _readiness(workspace: Workspace, host: str) -> int:
    """HTTP status of the app's readiness through the load balancer; 0 if nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", workspace.http_port, timeout=10)
    try:
        # Browsers resolve *.localhost by themselves, but not every system's resolver does.
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def preparation(workspace: Workspace, images_step: Step) -> list[Step]:
    """The steps before any stack is touched: engine, emulator, and what Terraform makes in it."""

    def step(name: str, work: _Work, *needs: str) -> Step:
        return Step(name=name, run=partial(work, workspace), needs=needs)

    docker = "Docker engine"
    return [
        step("Python packages", _packages),
        step(docker, docker_engine.ensure_docker),
        step("Pulumi CLI", pulumi_engine.prepare_cli),
        step("Pulumi AWS plugin", pulumi_engine.prepare_aws_plugin),
        replace(images_step, needs=(docker,)),
        step("Pulumi home", pulumi_engine.assemble,
             "Python packages", "Pulumi CLI", "Pulumi AWS plugin"),
        step("AWS emulator", emulator.ensure_emulator, images_step.name),
        # After the emulator: a fresh one removes the state of the last.
        step("Terraform provider", terraform.initialise, "AWS emulator"),
        step("terraform apply", _on_emulator(terraform.apply), "Terraform provider"),
    ]  # fmt: skip


def _steps(workspace: Workspace) -> list[Step]:
    return [
        *preparation(workspace, Step(name="container images", run=partial(_images, workspace))),
        Step(
            name="pulumi up",
            run=partial(_on_emulator(stack.up), workspace),
            needs=("terraform apply", "Pulumi home"),
        ),
        Step(name="page is ready", run=partial(_wait_until_ready, workspace), needs=("pulumi up",)),
    ]


def _on_emulator(work: _Work) -> _Work:
    """Wrap what deploys to the emulator, and ends with it."""

    def working(workspace: Workspace, watch: Watch) -> str:
        with commands_end_with_emulator(workspace):
            return work(workspace, watch)

    return working


def _packages(workspace: Workspace, watch: Watch) -> str:
    return ensure_packages(workspace, FOR_RUNNING, watch)


def _images(workspace: Workspace, watch: Watch) -> str:
    app = images.ensure_python_image(workspace, watch)
    database = images.ensure_database_image(workspace, watch)
    images.ensure_emulator_image(workspace, watch)
    return f"{app}; {database}"


def _wait_until_ready(workspace: Workspace, watch: Watch) -> str:
    host = load_balancer_host(workspace)
    deadline = time.monotonic() + _READY_SECONDS
    while (code := _readiness(workspace, host)) != http.client.OK:
        if time.monotonic() > deadline:
            raise LocalError(
                f"The app was not ready in {_READY_SECONDS} s: /readyz answers {code}.",
                fix=f"`make status` names the containers for `docker logs`. {stack.STUCK}",
            )
        watch(f"/readyz answers {code}")
        pause(0.5)
    return "through the load balancer, with its database"


@contextlib.contextmanager
def only_one(workspace: Workspace, *, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock of this local system: two runs at once would undo each other's work.

    What a killed run left running is ended first, and has `patience` seconds to do so in order;
    what commands of this one left, last.
    """
    workspace.run.mkdir(parents=True, exist_ok=True)
    with (workspace.run / f"lock-{workspace.port}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                "Another `make up` or `make down` of this checkout is running.",
                fix="Wait for it to end, then repeat.",
            ) from None
        if ended := end_leftovers(workspace, patience=patience):
            print(f"  ended what a killed run left: {', '.join(ended)}", flush=True)
        try:
            yield
        finally:
            end_children(workspace)
