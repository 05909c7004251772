"""Versions that must not be: each is deployed as people do, and the last one goes on serving."""

from __future__ import annotations

import re
import time
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.faults.load import Load
from tests.faults.local_system import LocalSystem
from tests.faults.report import Report
from tests.running_system import CommandResult

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(1800)]

VISITORS = 4
"""A build and an engine need the machine, too."""

WRONG_REVISION = '''"""Changes a table that is not there."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Fail, as it would on every database."""
    op.execute("ALTER TABLE no_such_table ADD COLUMN note TEXT")
'''


@dataclass(frozen=True, kw_only=True)
class BadVersion:
    """A version, and in which words it is told what is wrong with it.

    Attributes:
        edits: places in the sources: file, what stands there, and what stands there instead.
        added: another file, and what is in it.
        words: patterns, each of which is found in what people are told.
    """

    edits: tuple[tuple[str, str, str], ...] = ()
    added: tuple[str, str] | None = None
    words: tuple[str, ...]

    @contextmanager
    def checked_out(self, system: LocalSystem) -> Iterator[None]:
        """Have its sources for a while."""
        with ExitStack() as undo:
            for edit in self.edits:
                undo.enter_context(system.changed(*edit))
            if self.added:
                name, text = self.added
                path = system.scratch.workspace.root / name
                path.write_text(text)
                undo.callback(path.unlink)
            yield


CRASHES = BadVersion(
    edits=(
        (
            "app/todo_app/__main__.py",
            "    serve(load_serve_settings(os.environ))\n",
            '    raise RuntimeError("this version crashes")\n',
        ),
    ),
    words=(r"app exit code 1 \(\"RuntimeError: this version crashes\"\)",),
)
NEVER_READY = BadVersion(
    edits=(
        (
            "app/todo_app/health.py",
            "            self._was_ready = True\n",
            "            return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, 'Never.')\n",
        ),
        # Each of its tasks is given this time, and has not got better by then.
        (
            "pulumi/todo_infra/service.py",
            "_GRACE_PERIOD_SECONDS = 120",
            "_GRACE_PERIOD_SECONDS = 15",
        ),
    ),
    words=(
        r"is unhealthy in .* due to \(reason Health checks failed with these codes: \[503\]\)",
        r"A task of it ended: Task failed ELB health checks",
    ),
)
WRONG_MIGRATION = BadVersion(
    added=("app/todo_app/migrations/versions/v0002_wrong.py", WRONG_REVISION),
    words=(
        r"Task failed to start",
        r"migrate exit code 1 \(\"migration failed: .*no_such_table.*\"\)",
        r"\[migrate\] for target \[app\] as dependency did not exit successfully",
    ),
)


def by_pulumi(system: LocalSystem) -> CommandResult:
    """Deploy by `pulumi up`; `make verify`, which it names, tells why."""
    up = system.up()
    assert re.search(r"ECS took todo-local-app:\d+ back: todo-local-app:\d+ runs", up.output), (
        up.output
    )
    assert up.output.partition("Diagnostics:")[2].count("ECS took") == 1, up.output
    assert "Traceback" not in up.output
    verify = system.scratch.local("verify")
    assert verify.code == 1, verify.output
    return CommandResult(code=up.code, output=verify.output)


def by_make(system: LocalSystem) -> CommandResult:
    """Deploy by `make up`."""
    return system.scratch.local("up")


Deploy = Callable[[LocalSystem], CommandResult]


@pytest.mark.parametrize(
    ("bad", "deploy"),
    [
        pytest.param(CRASHES, by_pulumi, id="that crashes"),
        pytest.param(NEVER_READY, by_pulumi, id="that is never ready"),
        pytest.param(WRONG_MIGRATION, by_make, id="with a wrong migration"),
    ],
)
async def test_a_version_is_taken_back_without_a_failed_request(
    local_system: LocalSystem, report: Report, bad: BadVersion, deploy: Deploy
) -> None:
    before = await to_thread(local_system.tasks)
    async with Load(local_system.address, visitors=VISITORS) as load:
        await load.acknowledgements(100)
        with bad.checked_out(local_system):
            began = time.monotonic()
            done = await to_thread(deploy, local_system)
            took = time.monotonic() - began
        await to_thread(local_system.wait_until_whole)
        kept = await to_thread(local_system.tasks)
        await load.acknowledgements(100)
        mended = await to_thread(local_system.up)
        await to_thread(local_system.wait_until_whole)
        await load.acknowledgements(100)
    await report.settle(load, local_system, seconds_until_told=took)
    assert done.code != 0
    for words in bad.words:
        assert re.search(words, done.output), done.output
    assert kept.keys() == before.keys()
    assert mended.code == 0, mended.output
    assert load.tally.failures == {}
