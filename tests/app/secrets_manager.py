"""AWS Secrets Manager as far as one secret and who reads it, over HTTP on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

__all__ = ["SECRET_ARN", "SecretsManager", "account", "secrets_manager"]

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:todo-app-secret-AbCdEf"
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
_ROLE = {
    "AccessKeyId": "ASIAOFTHETASKSROLE",
    "SecretAccessKey": "known to the role only",
    "Token": "of the role's session",
    "Expiration": "2099-01-01T00:00:00Z",
}


def account(password: str, user: str = "todo_app") -> str:
    """A secret as RDS writes it: there is more in it than we need."""
    return json.dumps({"username": user, "password": password, "engine": "mysql", "port": 3306})


@dataclass
class SecretsManager:
    """The secret's versions by their stages, and what was asked for.

    Attributes:
        port: where it listens.
        versions: the secret's text by stage; None is a version in binary.
        read: the stages that were asked for, in their order.
        signatures: the `Authorization` of each of those requests, and its session token.
        failure: status and error code of every answer from now on.
        after_reading: called with the stage after each answer has been made up.
        open: answers wait while it is not set.
    """

    port: int = 0
    versions: dict[str, str | None] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    signatures: list[tuple[str, str]] = field(default_factory=list)
    failure: tuple[HTTPStatus, str] | None = None
    after_reading: Callable[[str], None] = lambda _stage: None
    open: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: dict[str, str]) -> tuple[HTTPStatus, dict[str, str]]:
        stage = request.get("VersionStage", CURRENT)
        self.read.append(stage)
        if self.failure:
            status, code = self.failure
            return status, {"__type": code, "message": f"{code} of a test"}
        if request["SecretId"] != SECRET_ARN or stage not in self.versions:
            code = "ResourceNotFoundException"
            return HTTPStatus.BAD_REQUEST, {"__type": code, "message": f"no {stage}"}
        text = self.versions[stage]
        value = {"SecretBinary": "AAAA"} if text is None else {"SecretString": text}
        self.after_reading(stage)
        return HTTPStatus.OK, {"ARN": SECRET_ARN, **value}


def _handler(service: SecretsManager) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(HTTPStatus.OK, _ROLE)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
            signature = (self.headers["Authorization"], self.headers["X-Amz-Security-Token"])
            service.signatures.append(signature)
            service.open.wait()
            self._send(*service.answer(json.loads(body)))

        def _send(self, status: HTTPStatus, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def _serving(service: SecretsManager) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(service)) as server:
        server.daemon_threads = True
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            service.open.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    """The only AWS that this process knows; it gives out a role's credentials, as ECS does."""
    service = SecretsManager(versions={CURRENT: account("first")})
    service.open.set()
    with _serving(service):
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "REGION"):
            monkeypatch.delenv(f"AWS_{name}", raising=False)
        endpoint = f"http://127.0.0.1:{service.port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{endpoint}/credentials")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield service
