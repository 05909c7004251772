"""The whole local system under load: a copy of the checkout, with a system of its own, to spoil."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio import to_thread
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import pytest

from local.containers import Container, docker
from local.stack import config_file
from local.workspace import Workspace
from tests.faults.http1 import Address
from tests.faults.ledger import Row
from tests.faults.load import Load
from tests.running_system import CommandResult, RunningSystem
from tests.scratch import Scratch, copy_checkout, free_port
from tests.waiting import wait_until

__all__ = ["LocalSystem", "Watch", "local_system", "local_system_begun"]

CONFIG: Final = "Pulumi.local.yaml"
_STACK: Final = "local"
_TASKS: Final = 2
SECONDS: Final = 120
_LOOK_SECONDS: Final = 0.02

# All load comes from one address, so that the limit of one address has to go, as in `stage.py`.
_VARIABLES: Final = ("pulumi/__main__.py", "environment=trust | ")
_QUIET: Final = '{"RATE_LIMIT_PER_SECOND": "0", "ACCESS_LOG": "off"}'
# Nobody adds tasks while others are counted.
_CAPACITY: Final = "    taskSize: xsmall\n"
_FIXED: Final = f"    taskSize: small\n    minTasks: {_TASKS}\n    maxTasks: {_TASKS}\n"


@dataclass(frozen=True, kw_only=True)
class LocalSystem:
    """A system that was brought up as people do, and the sources that it is made of."""

    scratch: Scratch
    running: RunningSystem
    cluster: str
    service: str

    @property
    def address(self) -> Address:
        """Where the load balancer answers; it is the only one, and asks for no name."""
        return "127.0.0.1", self.scratch.workspace.http_port

    def rows(self, lists: list[str]) -> list[Row]:
        """The to-dos in these lists."""
        marks = ", ".join(["UNHEX(%s)"] * len(lists))
        with self.running.database() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT LOWER(HEX(list_id)), id, title, completed "  # noqa: S608 - marks only
                f"FROM todos WHERE list_id IN ({marks})",
                lists,
            )
            return [Row(row[0], row[1], row[2], bool(row[3])) for row in cursor.fetchall()]

    def tasks(self) -> dict[str, Container]:
        """The containers that serve, or will, by id."""
        return {container.id: container for container in self.running.tasks()}

    def up(self) -> CommandResult:
        """Deploy the sources as they are now, by `pulumi` itself."""
        options = ("--yes", "--skip-preview", *config_file(self.scratch.workspace))
        return self.scratch.pulumi("up", "--stack", _STACK, *options)

    def deploy_again(self) -> None:
        """Have ECS replace all tasks by such as they are, and wait until the last has gone."""
        old = self.tasks().keys()
        self.running.aws("ecs").update_service(
            cluster=self.cluster, service=self.service, forceNewDeployment=True
        )
        self.wait_until_whole(without=set(old))

    def wait_until_whole(self, *, without: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Wait until as many tasks serve as should, and of some containers none runs any more."""
        ecs, elbv2 = self.running.aws("ecs"), self.running.aws("elbv2")

        def whole() -> bool:
            answer = ecs.describe_services(cluster=self.cluster, services=[self.service])
            (service,) = answer["services"]
            (group,) = (each["targetGroupArn"] for each in service["loadBalancers"])
            described = elbv2.describe_target_health(TargetGroupArn=group)
            states = [
                each["TargetHealth"]["State"] for each in described["TargetHealthDescriptions"]
            ]
            now = self.tasks().keys()
            return (
                states == ["healthy"] * _TASKS
                and not now & without
                and len(now) == _TASKS
                and [each["rolloutState"] for each in service["deployments"]] == ["COMPLETED"]
            )

        wait_until(whole, seconds=SECONDS, what="the service is not as it should be")

    @contextmanager
    def changed(self, file: str, old: str, new: str) -> Iterator[None]:
        """Have another source for a while; what is deployed meanwhile stays."""
        self.scratch.replace(file, old, new)
        try:
            yield
        finally:
            self.scratch.replace(file, new, old)

    def database(self) -> Container:
        """The database's container."""
        host, _ = self.running.database_address()
        (found,) = (
            each for each in self.running.containers() if host in self.running.addresses(each)
        )
        return found


class Watch:
    """What a load's visitors go through while it is watched.

    Attributes:
        failing_seconds: from the first failed request to the last.
        unserved_seconds: the longest time without any good answer.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self.failing_seconds = self.unserved_seconds = 0.0

    async def __aenter__(self) -> Self:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        tally = self._load.tally
        failed, served, first_failure = tally.failed, 0, None
        last_served = time.monotonic()
        while True:
            now, good = time.monotonic(), len(tally.seconds) - tally.failed
            if tally.failed > failed:
                first_failure = first_failure or now
                self.failing_seconds = now - first_failure
            if good > served:
                last_served = now
            self.unserved_seconds = max(self.unserved_seconds, now - last_served)
            failed, served = tally.failed, good
            await asyncio.sleep(_LOOK_SECONDS)


@pytest.fixture(scope="session")
def local_system_begun(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[LocalSystem]]:
    """The system is brought up meanwhile: that is waiting, most of the time."""
    folder = tmp_path_factory.mktemp("faults") / "copy"
    scratch = copy_checkout(workspace, folder, port=free_port())
    file, place = _VARIABLES
    scratch.replace(file, place, place.replace("=", f"={_QUIET} | "))
    scratch.replace(CONFIG, _CAPACITY, _FIXED)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(_bring_up, scratch)
        try:
            yield begun
        finally:
            begun.exception()
            scratch.remove()


@pytest.fixture(scope="session")
def local_system(local_system_begun: Future[LocalSystem]) -> LocalSystem:
    """The system of all that need one; each leaves it whole, with the sources as they were."""
    return local_system_begun.result()


def _bring_up(scratch: Scratch) -> LocalSystem:
    up = scratch.local("up")
    assert up.code == 0, up.output
    shown = scratch.pulumi("stack", "output", "--json", "--stack", _STACK)
    outputs: dict[str, Any] = json.loads(shown.output)
    return LocalSystem(
        scratch=scratch,
        running=RunningSystem(workspace=scratch.workspace, first_up=up.output),
        cluster=outputs["cluster"],
        service=outputs["service"],
    )


async def kill(*victims: Container) -> None:
    """End containers without a word, all at once."""
    await to_thread(docker, "kill", "--signal", "KILL", *(victim.id for victim in victims))
