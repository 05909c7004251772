"""Whatever is sent to the whole application: an answer by its description, and never a 5xx."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import httpx2
import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.engine.app_process import AppProcess, running_app
from tests.engine.wild_requests import INJECTED, LISTS, MARKUP, Ending, WildRequest, WildRequests
from todo_app.openapi import DOCUMENT

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

pytestmark = pytest.mark.engine

SEED: Final = 20261125
DESCRIBED: Final = 1_000
"""Fewest requests made from the description; how many depends on what the links lead to."""
WILD: Final = 10_000
"""Requests made of anything else."""

SECONDS: Final = 20
KEY_REUSED: Final = b"This Idempotency-Key was used for another to-do."
LIST_EMPTIED: Final = re.compile("deleted with `DELETE [^ `]*/todos`")
STATIC: Final = ("text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml")
API: Final[dict[str, Any]] = json.loads(DOCUMENT)


def validator(*names: str) -> Draft202012Validator:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return Draft202012Validator({"anyOf": schemas, "components": API["components"]})


PROBLEM: Final = validator("Problem")
ANSWER: Final = validator("Todo", "Todos", "NewList", "Health")


@pytest.fixture(scope="module")
def app(
    mysql_server: MySQLServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    with running_app(mysql_server, tmp_path_factory.mktemp("app"), LOG_LEVEL="warning") as app:
        yield app


def check_answer(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """What holds for every answer to whatever request."""
    assert 200 <= status < 500
    assert INJECTED not in headers
    if "x-request-id" not in headers:  # the server's own answer to what is no HTTP
        assert status in (400, 414, 431)
        assert body == b""
        return
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    kind = headers.get("content-type")
    if kind == "text/html; charset=utf-8":
        assert status == 200
        assert not any(markup.encode() in body for markup in MARKUP)
    elif kind == "application/problem+json":
        assert status >= 400
        if body:
            PROBLEM.validate(json.loads(body))
            assert json.loads(body)["status"] == status
            assert json.loads(body)["request_id"] == headers["x-request-id"]
    elif kind == "application/json":
        assert status in (200, 201)
        if body and body != DOCUMENT:
            ANSWER.validate(json.loads(body))
    elif kind in STATIC:
        assert status in (200, 304)
        assert headers["content-security-policy"]
    else:
        assert kind is None
        assert status in (204, 303, 304)
        assert body == b""


def check_health(app: AppProcess) -> None:
    """It serves on, and nothing surprised it."""
    assert httpx2.get(f"{app.url}/readyz").status_code == 200
    assert app.log().count("unexpected error") == 0, app.log()[-3000:]
    assert "Traceback" not in app.log()


def configuration(url: str) -> SchemathesisConfig:
    # 404 and 412 are how the interface refuses ids, lists and conditions that cannot be.
    refused = [400, 404, 405, 412, 413, 415, 422]
    # A to-do with a valid id may be gone, or changed, and a key may be used for another.
    accepted = ["2xx", 304, 404, 412]
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": url,
            "continue-on-failure": True,
            "generation": {"mode": "all", "max-examples": 75, "database": "none"},
            "checks": {
                "negative_data_rejection": {"expected-statuses": refused},
                "positive_data_acceptance": {"expected-statuses": accepted},
            },
        }
    )


def failures_of(recorder: ScenarioRecorder) -> Iterator[str]:
    for case_id, checks in recorder.checks.items():
        response = recorder.interactions[case_id].response
        for check in checks:
            if check.failure_info is None:
                continue
            message = check.failure_info.failure.message
            # A key that came up before, by chance with another to-do, is refused as it should be.
            body = response.content if response else b""
            if check.name == "positive_data_acceptance" and KEY_REUSED in body:
                continue
            # What is deleted is in the list, or some of it; the list itself is always there.
            if check.name == "use_after_free" and LIST_EMPTIED.search(message):
                continue
            yield f"{recorder.label}: {check.name}: {message}\n{check.failure_info.code_sample}"


def test_answers_as_described(app: AppProcess) -> None:
    """Examples, edges, random values good and bad, and chains of operations by their links."""
    schema = schemathesis.openapi.from_dict(API, config=configuration(app.url))
    statuses: Counter[int] = Counter()
    failures = []
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if not isinstance(event, events.ScenarioFinished):
            continue
        for interaction in event.recorder.interactions.values():
            assert interaction.response is not None
            response = interaction.response
            headers = {name: values[0] for name, values in response.headers.items()}
            check_answer(response.status_code, headers, response.content)
            statuses[response.status_code] += 1
        failures += list(failures_of(event.recorder))
    print(f"seed {SEED}: {statuses.total()} requests, answers by status: {dict(statuses)}")
    assert not failures, "\n\n".join(failures[:5])
    assert statuses.total() >= DESCRIBED
    assert {200, 201, 204, 304, 400, 404, 405, 412, 415, 422} <= set(statuses)
    check_health(app)


class Wire:
    """Sends bytes, and reads answers from one connection for as long as it is kept."""

    def __init__(self, app: AppProcess) -> None:
        self._address = (app.host, app.port)
        self._connection: socket.socket | None = None

    def send(self, request: WildRequest) -> list[tuple[int, dict[str, str], bytes]]:
        """Return the answers: one, unless what was sent may be more or less than one request."""
        if self._connection is None:
            self._connection = socket.create_connection(self._address, SECONDS)
        connection = self._connection
        try:
            connection.sendall(request.data)
            if request.ending is Ending.ABANDONED:
                self.close()
                return []
            if request.ending is Ending.ANSWERED:
                with connection.makefile("rb") as stream:
                    return [self._answer(stream, request.method)]
        except ConnectionError:
            self.close()
            if request.ending is Ending.ANSWERED:
                raise
            return []
        return self._all_answers(connection)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, stream: Any, method: str) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401
        response = http.client.HTTPResponse(_Stream(stream), method=method)  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return response.status, headers, body

    def _all_answers(self, connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
        """Read whatever comes until the server hangs up, as it does when we do."""
        received = b""
        try:
            connection.settimeout(0.02)  # time for an answer to start; there may be none
            received += connection.recv(1 << 16)
        except TimeoutError:
            pass
        except ConnectionError:
            self.close()
            return []
        try:
            connection.settimeout(SECONDS)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(1 << 16):
                received += part
        except OSError:
            pass
        self.close()
        stream, answers = _Received(received), []
        while stream.tell() < len(received):
            answers.append(self._answer(stream, "GET"))
        return answers


class _Received(io.BytesIO):
    """Several answers one after the other: the first must not close it."""

    def close(self) -> None:
        pass


class _Stream:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - any binary file
        self._stream = stream

    def makefile(self, _mode: str) -> Any:  # noqa: ANN401
        return self._stream


def test_survives_anything_else(app: AppProcess) -> None:
    requests, wire = WildRequests(SEED), Wire(app)
    statuses: Counter[int] = Counter()
    pages_with_markup = 0
    for number in range(WILD):
        request = requests.next()
        try:
            for status, headers, body in wire.send(request):
                statuses[status] += 1
                check_answer(status, headers, body)
                requests.saw(headers.get("location", ""))
                pages_with_markup += b"&lt;script&gt;fuzz" in body
        except Exception as error:  # noqa: BLE001 - whatever it is, say what was sent
            pytest.fail(f"seed {SEED}, request {number}: {error!r}\n{request.data[:2000]!r}")
    wire.close()
    print(f"seed {SEED}: {WILD} requests, answers by status: {dict(statuses)}")
    assert {200, 201, 204, 303, 304, 400, 404, 405, 412, 413, 415, 422, 431} <= set(statuses)
    assert pages_with_markup  # there was something to reflect
    check_health(app)
    for list_id in LISTS:
        assert httpx2.get(f"{app.url}/api/lists/{list_id}/todos").status_code == 200
