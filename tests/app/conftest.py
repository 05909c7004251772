from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from tests.app.logins import ACCOUNT
from tests.app.served import InMemoryTodoStore, Served
from todo_app.settings import DatabaseSettings
from todo_app.tls import verifying_context


@pytest.fixture
def served() -> Iterator[Served]:
    """The application behind its real server, without limits."""
    with Served() as served:
        yield served


@pytest.fixture
def store(served: Served) -> InMemoryTodoStore:
    return served.store


@pytest.fixture
def client(served: Served) -> Iterator[httpx2.Client]:
    with served.client() as client:
        yield client


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture
def ca_file(tmp_path: Path, ca_pem: str) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(ca_pem)
    return path


@pytest.fixture
def environment(ca_file: Path) -> dict[str, str]:
    """Enough for both commands; nothing listens on port 1."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": "1",
        "DATABASE_USER": ACCOUNT.user,
        "DATABASE_PASSWORD": ACCOUNT.password,
        "DATABASE_CA_FILE": str(ca_file),
        "DATABASE_ADMIN_USER": "admin",
        "DATABASE_ADMIN_PASSWORD": "master secret",
    }


@pytest.fixture
def database_settings(ca_pem: str) -> DatabaseSettings:
    return DatabaseSettings(
        host="127.0.0.1",
        port=1,
        name="todo",
        tls=verifying_context(ca_pem),
        connect_seconds=10,
    )
