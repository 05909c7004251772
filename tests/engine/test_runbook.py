"""docs/runbook.md, carried out on the running system as whoever was woken would do it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import httpx2
import pymysql
import pytest
from botocore.exceptions import ClientError
from pymysql.cursors import Cursor

from local.workspace import REGION
from tests.engine.service_by_hand import ServiceByHand
from tests.runbook import CARRIED_OUT, SET_UP, SHOWS, filled
from tests.running_system import CommandResult, RunningSystem, run_command
from tests.waiting import wait_until

pytestmark = pytest.mark.engine

SECONDS = 60
AWS = """#!/bin/sh
[ "$1 $2" != "logs tail" ] || { shift 2; exec PYTHON -m tests.aws_logs_tail "$@"; }
exec PYTHON -m awscli "$@"
"""


def _own_environment() -> Mapping[str, str]:
    """Ours, without what a `make` that this runs under has for its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


class Night:
    """A shell in which the page's first block has been run, on the local system.

    Attributes:
        environment: what that has set, among all else.
    """

    def __init__(self, system: RunningSystem, programs: Path) -> None:
        self._root = system.workspace.root
        self._aws = programs / "aws"
        self._aws.write_text(AWS.replace("PYTHON", sys.executable))
        self._aws.chmod(0o755)
        port = str(system.workspace.port)
        self.environment: Mapping[str, str] = {**_own_environment(), "LOCAL_PORT": port}
        *_, local = SET_UP
        block = "\n".join([local, *list(SET_UP)[1:-1]])
        printed = self._bash(
            f"{block}\n{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        )
        assert printed.code == 0, printed.output
        self.environment = json.loads(printed.output.splitlines()[-1])

    def run(self, command: str, **values: str) -> CommandResult:
        """Run a command of the page, with what stands for words such as TASK."""
        return self._bash(filled(command, **values))

    def shows(self, command: str, **values: str) -> str:
        """Run a command that has to succeed; return what it prints."""
        shown = self.run(command, **values)
        assert shown.code == 0, f"{command}\n{shown.output}"
        return shown.output

    def sets(self, command: str) -> str:
        """Run a command that sets a name for those after it; return the value."""
        name = command.partition("=")[0]
        value = self.shows(f'{command}; echo "${name}"').strip()
        self.environment = {**self.environment, name: value}
        return value

    def _bash(self, script: str) -> CommandResult:
        """Run a script; make does not install what is there, and `aws` is the one made here."""
        ours = f'make() {{ command make -o packages "$@"; }}\naws() {{ {self._aws} "$@"; }}'
        return run_command(
            ["bash", "-euc", f"{ours}\n{script}"], cwd=self._root, env=self.environment
        )


@pytest.fixture(scope="module")
def night(system: RunningSystem, tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(system, tmp_path_factory.mktemp("programs"))


@pytest.fixture
def on_the_page(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The one command of the page that begins so, of those that are said to be tried here."""
    test = request.node.originalname

    def find(start: str) -> str:
        (found,) = (each for each, where in CARRIED_OUT.items() if where == test and start in each)
        return found

    return find


def status(system: RunningSystem, path: str = "/readyz") -> int:
    with system.client() as client:
        return client.get(path).status_code


def test_the_first_block_finds_the_stack(night: Night) -> None:
    found = {name: night.environment[name] for name in ("STACK", "CLUSTER", "SERVICE", "DATABASE")}
    for command, begins in SET_UP.items():
        name = re.findall(r"export (\w+)=", command)[-1]
        if name in found and name != "STACK":
            assert found[name].startswith(begins)
    assert found["STACK"] == "local"
    assert "amazonaws.com" not in night.environment["AWS_ENDPOINT_URL"]


@pytest.fixture(scope="module")
def shown(night: Night, system: RunningSystem) -> Mapping[str, CommandResult]:
    """What all commands that only read have printed."""
    status(system, "/")  # which is logged, even where nobody else asks for anything
    (tasks,) = (command for command in CARRIED_OUT if command.startswith("TASKS="))
    night.sets(tasks)
    with ThreadPoolExecutor(max_workers=4) as workers:
        return dict(zip(SHOWS, workers.map(night.run, SHOWS), strict=True))


@pytest.mark.parametrize("command", SHOWS)
def test_a_command_that_only_reads_shows_what_it_is_for(
    shown: Mapping[str, CommandResult], command: str
) -> None:
    done = shown[command]
    assert done.code == 0, done.output
    assert re.search(SHOWS[command], done.output, re.MULTILINE), done.output


def test_a_version_that_is_taken_back_serves_and_verify_says_so(
    night: Night,
    system: RunningSystem,
    service: ServiceByHand,
    on_the_page: Callable[[str], str],
) -> None:
    earlier = service.talkative("todo-local-app")
    number = earlier.rpartition(":")[2]
    night.shows(on_the_page("update-service"), N=number)
    assert service.settled() == earlier
    night.shows(on_the_page("wait services-stable"))
    assert status(system) == 200
    verified = night.run(on_the_page("make verify"))
    assert verified.code != 0
    lines = rf"✗ deployment +todo-local-app:{number} runs, and not todo-local-app:\d+, which was"
    assert re.search(lines, verified.output), verified.output
    assert re.search(r"✓ page +/ answers [23]\d\d", verified.output), "it serves all the same"


@pytest.mark.usefixtures("no_scaling")
def test_a_task_that_is_stopped_is_replaced(
    night: Night,
    system: RunningSystem,
    service: ServiceByHand,
    on_the_page: Callable[[str], str],
) -> None:
    assert service.settled() == service.intended
    before = set(night.sets(on_the_page("TASKS=")).split())
    task = min(before).rpartition("/")[2]
    log = night.shows(on_the_page("logs tail"), TASK=task).splitlines()
    assert log
    assert {line.split()[0] for line in log} == {f"app/app/{task}"}
    night.shows(on_the_page("stop-task"), TASK=task)
    service.scale(len(before))  # AWS looks by itself; the emulator, when it is asked for so many
    service.settled()
    now = set(night.sets(on_the_page("TASKS=")).split())
    assert len(now) == len(before)
    assert min(before) not in now
    wait_until(lambda: status(system) == 200, seconds=SECONDS, what="the page is not ready")


def test_a_service_that_somebody_scaled_to_nothing_serves_again(
    night: Night,
    system: RunningSystem,
    service: ServiceByHand,
    on_the_page: Callable[[str], str],
) -> None:
    service.scale(0)
    wait_until(lambda: status(system) == 503, seconds=SECONDS, what="tasks are left")
    night.shows(on_the_page("update-service"))
    service.settled()
    wait_until(lambda: status(system) == 200, seconds=SECONDS, what="the page is not ready")


@contextlib.contextmanager
def another_password(system: RunningSystem, secret: str) -> Iterator[Callable[[], None]]:
    """Give the account another password; what is yielded puts it into the secret, as AWS does."""
    manager = system.aws("secretsmanager")
    old = manager.get_secret_value(SecretId=secret)
    account = json.loads(old["SecretString"])
    new = {**account, "password": uuid.uuid4().hex}

    def stored() -> None:
        manager.put_secret_value(SecretId=secret, SecretString=json.dumps(new))

    with system.database("todo_app") as session:
        set_password(system, new["password"])
        end_sessions(session)
    try:
        yield stored
    finally:
        set_password(system, account["password"])
        current = manager.get_secret_value(SecretId=secret)["VersionId"]
        if current != old["VersionId"]:
            manager.update_secret_version_stage(
                SecretId=secret,
                VersionStage="AWSCURRENT",
                MoveToVersionId=old["VersionId"],
                RemoveFromVersionId=current,
            )


def set_password(system: RunningSystem, password: str) -> None:
    with system.database() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER USER todo_app IDENTIFIED BY %s", (password,))


def end_sessions(session: pymysql.Connection[Cursor]) -> None:
    """End all others of the same account, which is what an account may do by itself."""
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM information_schema.processlist"
            " WHERE user = 'todo_app' AND id <> connection_id()"
        )
        for (other,) in cursor.fetchall():
            with contextlib.suppress(pymysql.err.OperationalError):  # it has ended by itself
                cursor.execute("KILL %s", (other,))


@pytest.mark.usefixtures("no_scaling")
def test_a_password_is_changed_without_a_restart(
    night: Night,
    system: RunningSystem,
    service: ServiceByHand,
    on_the_page: Callable[[str], str],
) -> None:
    assert service.settled() == service.intended
    secret = night.sets(on_the_page("SECRET="))
    running = {task.id for task in system.tasks()}
    with system.client() as client:
        todos = client.post("/api/lists").raise_for_status().json()["todos"]
    path = todos[todos.index("/api/") :]
    with another_password(system, secret) as stored:
        # Unlike AWS's function, so that the log has something to show.
        wait_until(lambda: status(system, path) == 503, seconds=SECONDS, what="sessions are left")
        tail = on_the_page("logs tail")
        wait_until(
            lambda: '"status":503' in night.shows(tail),
            seconds=SECONDS,
            what="the log does not say it",
        )
        stored()
        wait_until(lambda: status(system, path) == 200, seconds=SECONDS, what="nobody can log in")
        system.database("todo_app").close()
    wait_until(
        lambda: status(system, path) == 200, seconds=SECONDS, what="nobody can log in any more"
    )
    assert {task.id for task in system.tasks()} == running


def test_a_secret_is_rotated_at_once(
    night: Night, system: RunningSystem, on_the_page: Callable[[str], str]
) -> None:
    """On a secret of its own: the emulator calls no function, and takes no rotation back."""
    manager = system.aws("secretsmanager")
    made = manager.create_secret(Name=f"runbook-{uuid.uuid4().hex[:8]}", SecretString="{}")
    try:
        night.shows(f"SECRET={made['ARN']}; {on_the_page('rotate-secret')}")
        stages = manager.describe_secret(SecretId=made["ARN"])["VersionIdsToStages"]
    finally:
        manager.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)
    assert "AWSCURRENT" not in stages.pop(made["VersionId"])
    assert [*stages.values()] == [["AWSCURRENT"]]


def test_a_certificate_is_found_and_described(
    night: Night, system: RunningSystem, on_the_page: Callable[[str], str]
) -> None:
    acm = system.aws("acm")
    domain = f"{uuid.uuid4().hex[:8]}.example.com"
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
    try:
        listed = json.loads(night.shows(on_the_page("list-certificates")))
        assert [domain, arn] in listed
        described = night.shows(on_the_page("describe-certificate"), CERTIFICATE=arn)
    finally:
        acm.delete_certificate(CertificateArn=arn)
    assert described == "null\n", "nothing is renewed before its time"


@contextlib.contextmanager
def trail(system: RunningSystem) -> Iterator[None]:
    """Have the emulator record calls, as every account does."""

    def record(told: str) -> None:
        url = f"{system.workspace.endpoint}/_ministack/config"
        httpx2.post(url, json={"cloudtrail._recording_enabled": told}).raise_for_status()

    record("true")
    try:
        yield
    finally:
        record("false")


def test_the_trail_says_who_did_what(
    night: Night,
    system: RunningSystem,
    service: ServiceByHand,
    on_the_page: Callable[[str], str],
) -> None:
    bucket = f"runbook-{uuid.uuid4().hex[:8]}"
    buckets = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{system.workspace.port}",
        region_name=REGION,
        aws_access_key_id="somebody",
        aws_secret_access_key="else",
    )
    task = night.shows("aws ecs list-tasks --cluster $CLUSTER --query 'taskArns[0]' --output text")
    with trail(system):
        buckets.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        buckets.delete_bucket(Bucket=bucket)
        with contextlib.suppress(ClientError):  # the emulator's tasks have no agent
            service.ecs.execute_command(
                cluster=service.names["cluster"], task=task.strip(), interactive=True, command="id"
            )
        done = json.loads(night.shows(on_the_page("ResourceName"), ID=bucket))["Events"]
        entered = json.loads(night.shows(on_the_page("ExecuteCommand")))["Events"]
    assert len(done) == 2
    assert {event["Username"] for event in done} == {"somebody"}
    assert entered
    assert task.strip() in entered[0]["CloudTrailEvent"]
