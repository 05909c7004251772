from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from local.containers import docker
from local.load_balancer.controller import Controller
from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import Ports
from local.load_balancer.health import Health
from local.load_balancer.model import (
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Target,
    TargetGroup,
)
from local.workspace import Workspace
from tests.plain_balancer import ensure_haproxy
from tests.running_system import RunningSystem

pytestmark = pytest.mark.engine

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/app/0"
CHECK = HealthCheck(
    path="/readyz",
    interval=5,
    timeout=2,
    healthy_threshold=2,
    unhealthy_threshold=2,
    statuses=frozenset({200}),
)
FORWARD = Rule(priority=None, action=Forward(GROUP))


class QuietServer(ThreadingHTTPServer):
    """A balancer ends connections as it likes; that is no news."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class TaskServer:
    """A target that says who it is and what it was asked."""

    def __init__(self, name: str) -> None:
        self.ready = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {key.lower(): value for key, value in self.headers.items()}
                body = json.dumps({"name": name, "headers": headers}).encode()
                bad = self.path == "/readyz" and not outer.ready
                self.send_response(503 if bad else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def target(self) -> Target:
        return Target("127.0.0.1", self._server.server_port)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Site:
    """A load balancer whose state is ours to change, and HAProxy that follows it."""

    controller: Controller
    ports: Ports
    authority: Path
    balancers: list[LoadBalancer] = field(default_factory=list)
    groups: list[TargetGroup] = field(default_factory=list)
    now: float = 0.0

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, then look; twice, since a check's answer is seen by the next look."""
        self.now += seconds
        self.controller.turn(self.now)
        time.sleep(0.1)
        self.controller.turn(self.now)

    def get(
        self, path: str = "/", host: str = "web.alb.localhost", **headers: str
    ) -> httpx2.Response:
        url = f"http://127.0.0.1:{self.ports.http}{path}"
        return httpx2.get(url, headers={"Host": host, **headers}, timeout=5)

    def served_by(self, requests: int = 8) -> set[str]:
        return {str(self.get().json()["name"]) for _ in range(requests)}


def group(*servers: TaskServer, drain_seconds: int = 15) -> TargetGroup:
    return TargetGroup(
        arn=GROUP,
        targets=tuple(server.target for server in servers),
        check=CHECK,
        drain_seconds=drain_seconds,
        least_outstanding=False,
    )


def balancer(*rules: Rule, name: str = "web", https: tuple[Rule, ...] = ()) -> LoadBalancer:
    listeners = [Listener(port=80, https=False, rules=rules)] if rules else []
    listeners += [Listener(port=443, https=True, rules=https)] if https else []
    return LoadBalancer(
        name=name,
        dns_name=f"{name}-0.eu-west-1.elb.amazonaws.com",
        suffix=f"app/{name}/0",
        idle_seconds=60,
        listeners=tuple(listeners),
    )


@pytest.fixture(scope="module")
def certificate(system: RunningSystem) -> Path:
    return system.workspace.tls / "load-balancer.pem"


def free_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port


@pytest.fixture
def site(tmp_path: Path, certificate: Path) -> Iterator[Site]:
    ensure_haproxy(Workspace.from_environment(), lambda _: None)
    ports = Ports(http=free_port(), https=free_port())
    proxy = HAProxy(tmp_path)
    made: Site

    def read() -> tuple[list[LoadBalancer], list[TargetGroup]]:
        return made.balancers, made.groups

    authority = certificate.with_name("load-balancer-ca.pem")
    made = Site(Controller(read, proxy, ports, certificate), ports, authority)
    yield made
    proxy.stop()


@pytest.fixture
def servers() -> Iterator[tuple[TaskServer, TaskServer]]:
    pair = TaskServer("one"), TaskServer("two")
    yield pair
    for server in pair:
        server.stop()


def test_targets_serve_from_their_first_passed_check_on(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    one, two = servers
    two.ready = False
    site.balancers, site.groups = [balancer(FORWARD)], [group(one, two)]
    site.turn()
    assert site.served_by() == {"one"}
    two.ready = True
    site.turn(CHECK.interval)
    assert site.served_by() == {"one", "two"}


def test_a_target_that_fails_its_checks_gets_nothing_until_it_is_well(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    one, two = servers
    site.balancers, site.groups = [balancer(FORWARD)], [group(one, two)]
    site.turn()
    two.ready = False
    site.turn(CHECK.interval)
    assert site.served_by() == {"one", "two"}, "one failure is not enough"
    site.turn(CHECK.interval)
    assert site.served_by() == {"one"}
    judgement = site.controller.judgement(GROUP, two.target)
    assert judgement
    assert judgement.health is Health.UNHEALTHY
    assert judgement.reason == "Health checks failed with these codes: [503]"


def test_where_nothing_is_well_everything_is_asked(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    for server in servers:
        server.ready = False
    site.balancers, site.groups = [balancer(FORWARD)], [group(*servers)]
    for _ in range(3):
        site.turn(CHECK.interval)
    assert site.served_by() == {"one", "two"}


def test_a_deregistered_target_gets_no_new_requests_and_leaves_after_its_delay(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    one, two = servers
    site.balancers, site.groups = [balancer(FORWARD)], [group(one, two)]
    site.turn()
    site.groups = [group(one)]
    site.turn()
    assert site.served_by() == {"one"}
    assert site.controller.judgement(GROUP, two.target) is None
    site.turn(15)
    site.groups = [group(one, two)]
    site.turn()
    assert site.served_by() == {"one", "two"}, "its slot is free again"


def test_a_target_that_is_gone_is_given_up_at_once(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    one, two = servers
    site.balancers, site.groups = [balancer(FORWARD)], [group(one, two)]
    site.turn()
    site.controller.forget(GROUP, two.target)
    site.turn()  # the emulator deregisters it between two turns, or a little later
    site.groups = [group(one)]
    site.turn()
    assert site.served_by() == {"one"}
    site.groups = [group(one, two)]
    site.turn()
    assert site.served_by() == {"one", "two"}, "another task has the address"


def test_nothing_behind_it_is_a_503(site: Site) -> None:
    site.balancers, site.groups = [balancer(FORWARD)], [group()]
    site.turn()
    assert site.get().status_code == 503


def test_the_application_is_told_who_asks_and_how(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    site.balancers, site.groups = [balancer(FORWARD)], [group(servers[0])]
    site.turn()
    plain = site.get().json()["headers"]
    assert plain["x-forwarded-for"] == "127.0.0.1"
    assert plain["x-forwarded-proto"] == "http"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", plain["x-amzn-trace-id"])
    claimed = site.get(**{"X-Forwarded-For": "10.1.1.1", "X-Amzn-Trace-Id": "Root=mine"})
    assert claimed.json()["headers"]["x-forwarded-for"] == "10.1.1.1, 127.0.0.1"
    assert claimed.json()["headers"]["x-amzn-trace-id"] == "Root=mine"


def test_tls_ends_here_and_plain_http_is_sent_to_it(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    to_https = Rule(
        priority=None, action=Redirect(status=301, protocol="HTTPS", host=None, path=None)
    )
    site.balancers = [balancer(to_https, https=(FORWARD,))]
    site.groups = [group(servers[0])]
    site.turn()
    moved = site.get("/list?x=1", host="localhost")
    assert moved.status_code == 301
    address = f"https://localhost:{site.ports.https}/list?x=1"
    assert moved.headers["Location"] == address
    trusting = ssl.create_default_context(cafile=site.authority)
    answer = httpx2.get(address, verify=trusting)
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"
    with pytest.raises(httpx2.ConnectError, match="certificate"):
        httpx2.get(address)


def test_rules_are_asked_in_order_and_the_host_chooses_among_balancers(
    site: Site, servers: tuple[TaskServer, TaskServer]
) -> None:
    def says(body: str) -> FixedResponse:
        return FixedResponse(status=200, content_type="text/plain", body=body)

    rules = (
        replace(FORWARD, priority=1, paths=("/api/*",)),
        Rule(priority=2, hosts=("*.example.com",), action=says('a "host" rule')),
        Rule(priority=None, action=says("the default")),
    )
    other = balancer(Rule(priority=None, action=says("another balancer")), name="other")
    site.balancers, site.groups = [balancer(*rules)], [group(servers[0])]
    site.turn()
    assert site.get("/api/lists").json()["name"] == "one"
    assert site.get("/x", host="a.example.com").text == 'a "host" rule'
    assert site.get("/x", host="localhost").text == "the default"
    site.balancers.append(other)
    site.turn()
    assert site.get("/x").text == "the default"
    assert site.get("/x", host="other.alb.localhost").text == "another balancer"
    assert site.get("/x", host="localhost").status_code == 503


@contextmanager
def asked_all_the_time(system: RunningSystem) -> Iterator[Counter[int]]:
    """Ask for the page's health without a pause; count the answers, 0 for none."""
    answers: Counter[int] = Counter()
    stop = threading.Event()

    def ask() -> None:
        with system.client() as client:
            while not stop.is_set():
                try:
                    answers[client.get("/healthz").status_code] += 1
                except httpx2.TransportError:
                    answers[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wait_until_replaced(system: RunningSystem, before: set[str], running: int) -> None:
    """Wait until other tasks serve in the place of some containers, known by their ids."""
    elbv2 = system.aws("elbv2")
    groups = elbv2.describe_target_groups()["TargetGroups"]
    arn = next(g["TargetGroupArn"] for g in groups if g["TargetGroupName"].startswith("todo-local"))
    deadline = time.monotonic() + 120
    while True:
        found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = [each["TargetHealth"]["State"] for each in found]
        now = {task.id for task in system.tasks()}
        if states == ["healthy"] * running and not before & now and len(now) == running:
            return
        assert time.monotonic() < deadline, (states, before, now)
        time.sleep(0.5)


@pytest.mark.usefixtures("no_scaling")
def test_a_new_deployment_costs_no_request(system: RunningSystem) -> None:
    before = {task.id for task in system.tasks()}
    ecs = system.aws("ecs")
    cluster = next(arn for arn in ecs.list_clusters()["clusterArns"] if "todo-local" in arn)
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    with asked_all_the_time(system) as answers:
        ecs.update_service(cluster=cluster, service=service, forceNewDeployment=True)
        wait_until_replaced(system, before, len(before))
    assert set(answers) == {200}, answers
    assert answers[200] > 100


@pytest.mark.usefixtures("no_scaling")
def test_a_killed_task_is_replaced(system: RunningSystem) -> None:
    victim, *others = system.tasks()
    docker("kill", victim.id)
    wait_until_replaced(system, {victim.id}, 1 + len(others))


def test_tasks_get_no_more_than_their_definition_says(system: RunningSystem) -> None:
    (shown,) = json.loads(docker("inspect", system.tasks()[0].id))
    limits = shown["HostConfig"]
    assert (limits["NanoCpus"], limits["Memory"]) == (250_000_000, 512 * 2**20)
    assert limits["ReadonlyRootfs"]
    assert limits["CapDrop"] == ["ALL"]
    assert shown["Config"]["User"] == "65532:65532"
