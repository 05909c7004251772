"""How the application logs in to a real server while its account's password changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.app.secrets_manager import (
    CURRENT,
    PENDING,
    SECRET_ARN,
    SecretsManager,
    account,
    secrets_manager,
)
from tests.engine.deployment import PASSWORD, Admin
from todo_app import credentials
from todo_app.credentials import SecretsManagerCredentials
from todo_app.database import DatabaseUnavailableError, LoginRefusedError, log_in
from todo_app.settings import ServeSettings

if TYPE_CHECKING:
    from asyncmy.connection import Connection

__all__ = ["secrets_manager"]  # a fixture

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("migrated", "closed_transports")]


class Account:
    """The application's account: its password in the database, and what its secret holds."""

    def __init__(
        self, name: str, admin: Admin, secret: SecretsManager, settings: ServeSettings
    ) -> None:
        self._name, self._admin, self._settings = name, admin, settings
        self.secret = secret
        self.source = SecretsManagerCredentials(SECRET_ARN)
        self.store(CURRENT, PASSWORD)

    def store(self, stage: str, password: str) -> None:
        self.secret.versions[stage] = account(password, self._name)

    def set_in_database(self, password: str) -> None:
        self._admin(f"ALTER USER {self._name} IDENTIFIED BY %s", password)

    def promote(self) -> None:
        self.secret.versions = {CURRENT: self.secret.versions[PENDING]}

    async def log_in(self) -> None:
        database = self._settings.database
        connection: Connection = await log_in(database, self.source, schema=database.name)
        await connection.ensure_closed()


@pytest.fixture
async def rotated(
    environment: dict[str, str],
    admin: Admin,
    secrets_manager: SecretsManager,
    serving: ServeSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Account:
    """An account that somebody logged in as already, without the pause between two questions."""
    monkeypatch.setattr(credentials, "_PAUSE_SECONDS", 0.0)
    rotated = Account(environment["DATABASE_USER"], admin, secrets_manager, serving)
    await rotated.log_in()
    return rotated


async def test_every_step_of_a_rotation_lets_us_in(rotated: Account) -> None:
    rotated.store(PENDING, "next")
    await rotated.log_in()
    rotated.set_in_database("next")
    await rotated.log_in()
    rotated.promote()
    await rotated.log_in()
    assert (await rotated.source.current()).password == "next"


async def test_a_rotation_that_went_by_unseen_lets_us_in(rotated: Account) -> None:
    rotated.store(PENDING, "next")
    rotated.set_in_database("next")
    rotated.promote()
    await rotated.log_in()
    assert (await rotated.source.current()).password == "next"


async def test_a_rotation_taken_back_lets_us_in(rotated: Account) -> None:
    rotated.store(PENDING, "next")
    rotated.set_in_database("next")
    await rotated.log_in()
    rotated.set_in_database(PASSWORD)
    del rotated.secret.versions[PENDING]
    await rotated.log_in()


async def test_logins_at_once_all_find_the_new_password(rotated: Account) -> None:
    rotated.store(PENDING, "next")
    rotated.set_in_database("next")
    await asyncio.gather(*(rotated.log_in() for _ in range(8)))
    assert (await rotated.source.current()).password == "next"


async def test_once_found_the_new_password_is_used_without_asking(rotated: Account) -> None:
    rotated.store(PENDING, "next")
    rotated.set_in_database("next")
    await rotated.log_in()
    rotated.secret.read.clear()
    await rotated.log_in()
    assert rotated.secret.read == []


async def test_a_password_in_no_version_is_refused_by_the_database_in_the_end(
    rotated: Account,
) -> None:
    rotated.store(PENDING, "next")
    rotated.set_in_database("nobody was told")
    with pytest.raises(LoginRefusedError) as caught:
        await rotated.log_in()
    assert PASSWORD not in str(caught.value)
    assert "next" not in str(caught.value)


async def test_a_database_that_is_away_is_no_reason_to_ask_for_the_secret(
    rotated: Account, serving: ServeSettings
) -> None:
    rotated.secret.read.clear()
    with pytest.raises(DatabaseUnavailableError):
        await log_in(replace(serving.database, port=1), rotated.source, schema=None)
    assert rotated.secret.read == []
