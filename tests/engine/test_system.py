"""The whole system through its load balancer: what a newcomer has after `make up`."""

import re
import ssl
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pymysql
import pytest

from local.containers import docker
from local.images import PYTHON
from local.system import only_one
from tests.running_system import RunningSystem, local_command
from tests.waiting import eventually

pytestmark = pytest.mark.engine


def _add(system: RunningSystem, title: str) -> str:
    """Add a to-do to a new list; return the path of the list's collection."""
    with system.client() as client:
        todos = client.post("/api/lists").json()["todos"]
        path = todos[todos.index("/api/") :]
        client.post(path, json={"title": title}).raise_for_status()
    return str(path)


def _image_events(since: str) -> str:
    """Images that the Docker engine has built, tagged or pushed since a time."""
    kinds = [word for event in ("tag", "push") for word in ("--filter", f"event={event}")]
    return subprocess.run(
        ["docker", "events", "--since", since, "--until", _now(), "--filter", "type=image", *kinds],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _tag_and_untag(name: str) -> None:
    subprocess.run(["docker", "tag", PYTHON, name], check=True)
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


def _now() -> str:
    return str(time.time())


def test_the_first_run_ends_with_the_page_behind_the_load_balancer(system: RunningSystem) -> None:
    assert f"http://{system.host}/" in system.first_up
    with system.client() as client:
        page = client.get("/", follow_redirects=True)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_a_todo_posted_through_the_load_balancer_is_in_the_table(system: RunningSystem) -> None:
    title = f"posted {uuid4()}"
    _add(system, title)
    assert title in system.titles()


def test_a_second_run_changes_nothing_builds_no_image_and_keeps_the_data(
    system: RunningSystem,
) -> None:
    title = f"kept {uuid4()}"
    _add(system, title)
    registry = f"localhost:{system.workspace.port}/"
    since = _now()
    again = local_command("up", system.workspace)
    assert again.code == 0, again.output
    assert "0 added, 0 changed, 0 destroyed" in again.output
    assert re.search(r"✓ pulumi up +[\d.]+ s +\d+ unchanged\n", again.output), again.output
    assert registry not in _image_events(since)
    _tag_and_untag(f"{registry}control:1")  # the events are really seen
    assert f"{registry}control:1" in _image_events(since)
    assert title in system.titles()


@pytest.mark.usefixtures("no_scaling")
def test_a_killed_task_is_replaced_and_no_todo_is_lost(system: RunningSystem) -> None:
    title = f"survives {uuid4()}"
    todos = _add(system, title)
    before = {task.id for task in system.tasks()}
    victim = min(before)
    subprocess.run(["docker", "kill", victim], check=True, capture_output=True)

    def replaced() -> bool:
        now = {task.id for task in system.tasks()}
        return victim not in now and len(now) == len(before)

    assert eventually(replaced, seconds=90), system.tasks()
    with system.client() as client:
        assert eventually(lambda: client.get("/readyz").status_code == 200, seconds=90)
        assert [todo["title"] for todo in client.get(todos).json()] == [title]
    assert title in system.titles()


def test_the_services_own_sessions_are_required_to_use_tls(system: RunningSystem) -> None:
    with system.client() as client:
        client.get("/readyz").raise_for_status()  # which takes a session
    with system.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@require_secure_transport, ssl_type FROM mysql.user"
                       " WHERE user = 'todo_app'")  # fmt: skip
        assert cursor.fetchall() == ((1, "ANY"),)
        cursor.execute("SELECT count(*) FROM information_schema.processlist WHERE user='todo_app'")
        assert cursor.fetchone() != (0,), "the app holds no session, so nothing was shown"


def test_the_apps_account_gets_a_tls_session_on_the_instance(system: RunningSystem) -> None:
    with system.database("todo_app") as connection, connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_version'")
        row = cursor.fetchone()
    assert row in (("Ssl_version", "TLSv1.3"), ("Ssl_version", "TLSv1.2"))


@pytest.mark.parametrize("username", ["todo_app", "todo_admin"])
def test_a_plaintext_client_is_refused(system: RunningSystem, username: str) -> None:
    host, port = system.database_address()
    password = system.password(username)
    system.database(username).close()  # the same account and password are right over TLS
    with pytest.raises(pymysql.err.OperationalError, match=r"1045|3159"):
        pymysql.connect(host=host, port=port, user=username, password=password, ssl_disabled=True)


def test_a_client_with_another_authority_refuses_the_server(system: RunningSystem) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        system.database(tls=ssl.create_default_context())


def test_nothing_secret_is_in_outputs_environment_or_logs(system: RunningSystem) -> None:
    passwords = {system.password(name) for name in ("todo_app", "todo_admin")}
    definitions = system.aws("ecs")
    texts = {path.name: path.read_text() for path in system.workspace.logs.glob("*.log")}
    for arn in definitions.list_task_definitions()["taskDefinitionArns"]:
        described = definitions.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        texts[arn] = str(described["containerDefinitions"])
    for state in system.workspace.pulumi_state.rglob("*.json*"):
        texts[str(state)] = state.read_text()
    for container in system.containers():
        texts[container.name] = docker("logs", container.id)
    assert {"pulumi-up.log", "local.json"} <= {Path(name).name for name in texts}
    leaks = [name for name, text in texts.items() if any(word in text for word in passwords)]
    assert leaks == []


def test_status_shows_the_page_and_exits_with_0(system: RunningSystem) -> None:
    shown = local_command("status", system.workspace)
    assert shown.code == 0, shown.output
    assert f"http://{system.host}/ ready" in shown.output


def test_a_run_beside_another_is_refused(system: RunningSystem) -> None:
    with only_one(system.workspace):
        second = local_command("up", system.workspace)
    assert second.code == 1
    assert "is running" in second.output
