from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.load_balancer.health import Health, Judgement, ask, judge
from local.load_balancer.model import HealthCheck, Target

CHECK = HealthCheck(
    path="/readyz",
    interval=5,
    timeout=1,
    healthy_threshold=3,
    unhealthy_threshold=2,
    statuses=frozenset({200}),
)


def after(*problems: str) -> Judgement:
    judgement = Judgement()
    for problem in problems:
        judgement = judge(judgement, problem, CHECK)
    return judgement


def test_a_new_target_serves_after_one_passed_check() -> None:
    assert after("").health is Health.HEALTHY


def test_a_new_target_that_fails_stays_initial_until_it_failed_often_enough() -> None:
    assert after("no").health is Health.INITIAL
    assert after("no", "no").health is Health.UNHEALTHY


def test_a_healthy_target_survives_fewer_failures_than_the_threshold() -> None:
    assert after("", "no", "", "no").health is Health.HEALTHY
    assert after("", "no", "no") == Judgement(health=Health.UNHEALTHY, failed=2, reason="no")


def test_an_unhealthy_target_needs_the_threshold_in_a_row() -> None:
    down = ("no", "no")
    assert after(*down, "", "").health is Health.UNHEALTHY
    assert after(*down, "", "", "no", "", "").health is Health.UNHEALTHY
    assert after(*down, "", "", "") == Judgement(health=Health.HEALTHY, passed=3)


@contextmanager
def answering(status: int) -> Iterator[tuple[Target, list[tuple[str, str | None]]]]:
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["User-Agent"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Target("127.0.0.1", server.server_port), asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "problem"),
    [(200, ""), (503, "Health checks failed with these codes: [503]")],
)
def test_the_path_is_asked_and_the_status_counts(status: int, problem: str) -> None:
    with answering(status) as (target, asked):
        assert ask(target, CHECK) == problem
    assert asked == [("/readyz", "ELB-HealthChecker/2.0")]


def test_nobody_there_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert ask(Target("127.0.0.1", port), CHECK) == "Health checks failed"


def test_silence_is_a_failure_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask(Target("127.0.0.1", server.getsockname()[1]), CHECK) == "Request timed out"
