"""Who asks too often is told to wait, and nobody else is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.app.served import HTTP, Served
from todo_app import rate_limit
from todo_app.rate_limit import RateLimiter

if TYPE_CHECKING:
    import httpx2

TODOS = f"/api/lists/{'a' * 32}/todos"


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


def passed(limiter: RateLimiter, client: str, tries: int) -> int:
    return sum(limiter.seconds_to_wait(client) == 0 for _ in range(tries))


def test_lets_a_few_seconds_worth_pass_at_once_and_then_so_many_a_second(clock: Clock) -> None:
    limiter = RateLimiter(8)
    assert passed(limiter, "a", 100) == 32
    clock.now += 1
    assert passed(limiter, "a", 100) == 8
    clock.now += 0.05
    assert passed(limiter, "a", 100) == 0
    clock.now += 3600
    assert passed(limiter, "a", 100) == 32  # what is not used up is not saved up


def test_who_waits_as_long_as_told_may_pass(clock: Clock) -> None:
    limiter = RateLimiter(1)
    passed(limiter, "a", 100)
    wait = limiter.seconds_to_wait("a")
    assert wait >= 1
    clock.now += wait
    assert limiter.seconds_to_wait("a") == 0


def test_asking_in_vain_does_not_lengthen_the_wait(clock: Clock) -> None:
    limiter = RateLimiter(1)
    assert passed(limiter, "a", 10_000) == 4
    clock.now += 1
    assert limiter.seconds_to_wait("a") == 0


def test_clients_do_not_pay_for_each_other(clock: Clock) -> None:  # noqa: ARG001 - stands still
    limiter = RateLimiter(1)
    assert passed(limiter, "a", 100) == 4
    assert passed(limiter, "b", 100) == 4


def test_nothing_is_kept_where_there_is_no_limit() -> None:
    limiter = RateLimiter(0)
    assert passed(limiter, "a", 1000) == 1000
    assert limiter._empty_at == {}


def test_remembers_only_so_many_clients_and_the_busy_ones_longest(
    clock: Clock,  # noqa: ARG001 - stands still
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "_MOST_CLIENTS", 100)
    limiter = RateLimiter(1)
    for number in range(10_000):
        limiter.seconds_to_wait("busy")
        limiter.seconds_to_wait(f"once {number}")
        assert len(limiter._empty_at) <= 100
    assert limiter.seconds_to_wait("busy") > 0


@pytest.fixture
def narrow() -> Iterator[Served]:
    """Four requests at once for each client, behind one proxy of ours."""
    with Served(replace(HTTP, rate_limit_per_second=1, forwarded_hops=1)) as served:
        yield served


@pytest.fixture
def narrow_client(narrow: Served) -> Iterator[httpx2.Client]:
    with narrow.client() as client:
        yield client


def statuses(client: httpx2.Client, *forwarded: str, tries: int = 6) -> set[int]:
    headers = [("X-Forwarded-For", line) for line in forwarded]
    return {client.get(TODOS, headers=headers).status_code for _ in range(tries)}


def test_a_refusal_says_when_to_come_back(narrow_client: httpx2.Client) -> None:
    assert statuses(narrow_client, "198.51.100.1") == {200, 429}
    response = narrow_client.get(TODOS, headers={"X-Forwarded-For": "198.51.100.1"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


def test_a_refused_request_changes_nothing(narrow: Served, narrow_client: httpx2.Client) -> None:
    statuses(narrow_client, "198.51.100.1")
    headers = {"X-Forwarded-For": "198.51.100.1"}
    response = narrow_client.post(TODOS, json={"title": "x"}, headers=headers)
    assert response.status_code == 429
    assert not any(narrow.store.lists.values())


def test_each_address_behind_the_proxy_is_a_client(narrow_client: httpx2.Client) -> None:
    assert 429 in statuses(narrow_client, "198.51.100.1")
    assert statuses(narrow_client, "198.51.100.2", tries=2) == {200}


@pytest.mark.parametrize("lines", [("{}, 198.51.100.1",), ("{}", "198.51.100.1")])
def test_an_address_that_the_client_claims_is_not_believed(
    narrow_client: httpx2.Client, lines: tuple[str, ...]
) -> None:
    found = set()
    for number in range(8):
        found |= statuses(
            narrow_client, *(line.format(f"10.0.0.{number}") for line in lines), tries=1
        )
    assert found == {200, 429}


def test_all_addresses_of_an_ipv6_network_are_one_client(narrow_client: httpx2.Client) -> None:
    found = set()
    for number in range(8):
        found |= statuses(narrow_client, f"2001:db8:0:1:{number}::1", tries=1)
    assert found == {200, 429}
    assert statuses(narrow_client, "2001:db8:0:2::1", tries=2) == {200}


@pytest.mark.parametrize("line", ["", ":::", "2001:db8::1::2", ",", "unknown:80", "\N{SNOWMAN}"])
def test_without_a_usable_address_the_connections_counts(
    narrow_client: httpx2.Client, line: str
) -> None:
    headers = {b"X-Forwarded-For": line.encode()}
    found = [narrow_client.get(TODOS, headers=headers).status_code for _ in range(6)]
    found += [narrow_client.get(TODOS).status_code]
    assert set(found) == {200, 429}
    assert found[-1] == 429


def test_without_a_proxy_nobody_can_say_to_be_another() -> None:
    with (
        Served(replace(HTTP, rate_limit_per_second=1)) as served,
        served.client() as client,
    ):
        found = set()
        for number in range(8):
            found |= statuses(client, f"198.51.100.{number}", tries=1)
        assert found == {200, 429}


def test_behind_two_proxies_the_second_from_the_right_counts() -> None:
    settings = replace(HTTP, rate_limit_per_second=1, forwarded_hops=2)
    with Served(settings) as served, served.client() as client:
        found = set()
        for number in range(8):
            found |= statuses(client, f"10.0.0.{number}, 198.51.100.1, 192.0.2.{number}", tries=1)
        assert found == {200, 429}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_are_never_refused(narrow_client: httpx2.Client, path: str) -> None:
    headers = {"X-Forwarded-For": "198.51.100.1"}
    assert {narrow_client.get(path, headers=headers).status_code for _ in range(20)} == {200}


def test_time_goes_by_for_real() -> None:
    limiter = RateLimiter(1000)
    deadline = time.monotonic() + 60
    passed(limiter, "a", 10_000)
    while limiter.seconds_to_wait("a"):
        assert time.monotonic() < deadline
        time.sleep(0.001)
