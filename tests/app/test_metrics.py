"""What is counted, and that strangers cannot make the counters countless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.app.served import Served, raw_exchange

if TYPE_CHECKING:
    import httpx2

    from tests.app.served import InMemoryTodoStore
    from todo_app.metrics import Metrics

LIST = "a" * 32
TODOS = f"/api/lists/{LIST}/todos"
Counts = dict[tuple[str, str, str], float]


def counts(metrics: Metrics) -> Counts:
    """Answers, by method, route and status."""
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "todo_http_requests_total"
    }


def test_counts_answers_by_route(served: Served, client: httpx2.Client) -> None:
    client.post(TODOS, json={"title": "x"})
    client.get(f"{TODOS}/1")
    client.get(f"{TODOS}/1")
    client.get(f"{TODOS}/2")
    client.head(f"/lists/{LIST}")
    item = "/api/lists/{list}/todos/{todo}"
    assert counts(served.metrics) == {
        ("POST", "/api/lists/{list}/todos", "201"): 1,
        ("GET", item, "200"): 2,
        ("GET", item, "404"): 1,
        ("HEAD", "/lists/{list}", "200"): 1,
    }


def test_counts_failures_under_their_route(
    served: Served, client: httpx2.Client, store: InMemoryTodoStore
) -> None:
    store.failure = RuntimeError("a fault of ours")
    client.get(TODOS)
    assert counts(served.metrics) == {("GET", "/api/lists/{list}/todos", "500"): 1}


def test_what_a_client_makes_up_becomes_no_label(served: Served, client: httpx2.Client) -> None:
    for number in range(30):
        client.get(f"/nothing/{number}")
        client.get(f"/api/lists/{number:032x}/todos/{number}")
        client.get(f"/static/{number}")
        client.options(f"/api/{number}")
        client.get(TODOS, headers={"X-Request-Id": f"id-{number}"})
        head = f"METHOD{number} {TODOS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        raw_exchange(served, head.encode())
    assert counts(served.metrics) == {
        ("", "", "404"): 30,
        ("", "", "405"): 30,
        ("GET", "/api/lists/{list}/todos", "200"): 30,
        ("GET", "/api/lists/{list}/todos/{todo}", "404"): 30,
        ("GET", "/static/{file}", "404"): 30,
        ("OPTIONS", "preflight", "204"): 30,
    }


def test_says_how_long_answers_took(served: Served, client: httpx2.Client) -> None:
    client.get(TODOS)
    client.get(TODOS)
    registry = served.metrics.registry
    labels = {"method": "GET", "route": "/api/lists/{list}/todos"}
    assert registry.get_sample_value("todo_http_request_seconds_count", labels) == 2
    taken = registry.get_sample_value("todo_http_request_seconds_sum", labels)
    assert taken is not None
    assert 0 < taken < 10


def test_the_front_door_does_not_show_them(client: httpx2.Client) -> None:
    assert client.get("/metrics").status_code == 404
