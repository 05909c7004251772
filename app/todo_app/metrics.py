"""Metrics in Prometheus' format, on a port of their own that no load balancer forwards to."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import start_http_server as _start

from todo_app.pool import ConnectionPool

__all__ = ["Metrics"]

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What is counted; `route` is the pattern of a path, never a path with ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "todo_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "todo_http_request_seconds",
            "Time from the request's head to its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._reads = Counter(
            "todo_database_reads",
            "Reads, where there are replicas: by who answered, replica or writer.",
            ("source",),
            registry=self.registry,
        )
        # Looking a child up by its labels costs more than counting: each is looked up once.
        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method, route, status)
        pair = self._counters.get(key)
        if pair is None:
            pair = self._counters[key] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        counter, histogram = pair
        counter.inc()
        histogram.observe(seconds)

    def count_refused(self, refused: int) -> None:
        """Count requests that nobody looked at: they have neither method nor route."""
        self._requests.labels("", "", "503").inc(refused)

    def count_read(self, source: str) -> None:
        """Count one read of a `replica`, or of the `writer` in its place."""
        self._reads.labels(source).inc()

    def watch_pool(self, pool: ConnectionPool) -> None:
        """Show how busy the database connections are."""
        for name, text, value in (
            ("todo_database_connections_in_use", "Lent connections.", lambda: pool.in_use),
            ("todo_database_connections_waiting", "Waiting requests.", lambda: pool.waiting),
            ("todo_database_connections_most", "Connections at most.", lambda: pool.size),
        ):
            Gauge(name, text, registry=self.registry).set_function(value)

    def serve(self, host: str, port: int) -> None:
        """Answer `GET /metrics` from a thread of its own, for as long as the process lives."""
        _start(port, host, registry=self.registry)
