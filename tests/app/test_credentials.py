from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import traceback
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.app.logins import ACCOUNT
from tests.app.secrets_manager import (
    CURRENT,
    PENDING,
    SECRET_ARN,
    SecretsManager,
    account,
    secrets_manager,
)
from todo_app import credentials
from todo_app.credentials import Credentials, FixedCredentials, SecretsManagerCredentials
from todo_app.errors import DatabaseRefusedError, DatabaseUnavailableError

__all__ = ["secrets_manager"]  # a fixture

FIRST, SECOND = (Credentials(user="todo_app", password=word) for word in ("first", "second"))
BOTH = [PENDING, CURRENT]


@pytest.fixture
def source(secrets_manager: SecretsManager) -> SecretsManagerCredentials:
    assert secrets_manager.port
    return SecretsManagerCredentials(SECRET_ARN)


@pytest.fixture
def no_more_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second that has to pass between two questions does not."""
    monkeypatch.setattr(credentials, "_PAUSE_SECONDS", 3600.0)
    monkeypatch.setattr(credentials, "_LONGEST_WAIT_SECONDS", 0.05)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_PAUSE_SECONDS", 0.0)


async def test_fixed_credentials_never_change() -> None:
    source = FixedCredentials(ACCOUNT)
    source.accepted(SECOND)
    assert await source.current() == ACCOUNT
    assert list(await source.renewed()) == []


def test_whoever_has_fixed_credentials_does_not_load_the_aws_sdk() -> None:
    script = "import sys, todo_app.server; sys.exit('botocore' in sys.modules)"
    app = Path(__file__).parents[2] / "app"
    subprocess.run([sys.executable, "-c", script], cwd=app, check=True)


async def test_reads_the_secret_with_the_rights_of_the_tasks_role(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    assert await source.current() == FIRST
    assert secrets_manager.read == BOTH
    for signature, token in secrets_manager.signatures:
        assert signature.startswith("AWS4-HMAC-SHA256 Credential=ASIAOFTHETASKSROLE/")
        assert "/eu-west-1/secretsmanager/aws4_request" in signature
        assert token == "of the role's session"


async def test_what_is_known_is_not_asked_for_again(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    assert [await source.current() for _ in range(3)] == [FIRST] * 3
    assert len(secrets_manager.read) == len(BOTH)


@pytest.mark.usefixtures("no_pause")
async def test_a_rotation_under_way_offers_both_passwords(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    await source.current()
    secrets_manager.versions[PENDING] = account("second")
    assert list(await source.renewed()) == [FIRST, SECOND]
    source.accepted(SECOND)
    assert await source.current() == SECOND


@pytest.mark.usefixtures("no_pause")
async def test_a_rotation_that_ends_while_we_read_is_not_missed(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    def promote(stage: str) -> None:
        if stage == PENDING:
            secrets_manager.versions = {CURRENT: secrets_manager.versions[PENDING]}

    await source.current()
    secrets_manager.versions[PENDING] = account("second")
    secrets_manager.after_reading = promote
    assert SECOND in await source.renewed()


@pytest.mark.usefixtures("no_pause")
async def test_a_version_that_is_current_and_pending_is_tried_once(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    secrets_manager.versions[PENDING] = account("first")
    assert list(await source.renewed()) == [FIRST]


async def test_many_who_ask_at_once_share_one_answer(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    secrets_manager.versions[PENDING] = account("second")
    answers = await asyncio.gather(*(source.renewed() for _ in range(20)))
    assert [list(answer) for answer in answers] == [[FIRST, SECOND]] * 20
    assert secrets_manager.read == BOTH


@pytest.mark.usefixtures("no_more_questions")
async def test_secrets_manager_is_asked_at_most_once_a_second(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    await read_patiently(source)
    with pytest.raises(DatabaseUnavailableError, match="was not read in"):
        await source.renewed()
    assert secrets_manager.read == BOTH


@pytest.mark.usefixtures("no_more_questions")
async def test_an_answer_of_this_second_will_do_if_it_knows_of_another_password(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    secrets_manager.versions[PENDING] = account("second")
    await read_patiently(source)
    assert SECOND in await source.renewed()
    assert secrets_manager.read == BOTH


@pytest.mark.usefixtures("no_more_questions")
async def test_a_password_that_was_replaced_already_is_no_answer(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    secrets_manager.versions[PENDING] = account("second")
    await read_patiently(source)
    source.accepted(SECOND)
    # Refused within the same second: the next rotation has begun.
    with pytest.raises(DatabaseUnavailableError, match="was not read in"):
        await source.renewed()


async def read_patiently(source: SecretsManagerCredentials) -> None:
    """Read for the first time, however long this machine takes for it."""
    while True:
        try:
            await source.current()
        except DatabaseUnavailableError:
            continue
        return


async def test_a_password_set_just_after_the_first_reading_is_found_a_second_later(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    await source.current()
    secrets_manager.versions[CURRENT] = account("second")
    assert list(await source.renewed()) == [SECOND]


@pytest.mark.usefixtures("no_pause")
async def test_the_last_good_password_outlives_secrets_manager(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    await source.current()
    source.accepted(SECOND)
    secrets_manager.failure = (HTTPStatus.BAD_REQUEST, "AccessDeniedException")
    with pytest.raises(DatabaseUnavailableError):
        await source.renewed()
    assert await source.current() == SECOND


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("failure", "questions"),
    [
        ((HTTPStatus.BAD_REQUEST, "AccessDeniedException"), 1),
        ((HTTPStatus.BAD_REQUEST, "InvalidRequestException"), 1),
        ((HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServiceError"), 2),
        ((HTTPStatus.BAD_REQUEST, "ThrottlingException"), 2),
    ],
)
async def test_a_refusal_names_the_secret_and_may_pass(
    secrets_manager: SecretsManager,
    source: SecretsManagerCredentials,
    failure: tuple[HTTPStatus, str],
    questions: int,
) -> None:
    secrets_manager.failure = failure
    with pytest.raises(DatabaseUnavailableError, match=failure[1]) as caught:
        await source.current()
    assert SECRET_ARN in str(caught.value)
    assert len(secrets_manager.read) == questions
    secrets_manager.failure = None
    assert await source.current() == FIRST


async def test_says_that_there_is_no_such_secret(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials
) -> None:
    secrets_manager.versions.clear()
    with pytest.raises(DatabaseUnavailableError, match="ResourceNotFoundException"):
        await source.current()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL", "nowhere"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://203.0.113.1/"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere/token"),
        ("AWS_PROFILE", "nobody"),
    ],
)
async def test_secrets_manager_or_the_role_out_of_reach_is_one_clear_error(
    source: SecretsManagerCredentials,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(DatabaseUnavailableError, match=SECRET_ARN):
        await source.current()


async def test_a_secrets_manager_that_hangs_holds_nobody_up_for_long(
    secrets_manager: SecretsManager,
    source: SecretsManagerCredentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(credentials, "_LONGEST_WAIT_SECONDS", 0.05)
    secrets_manager.open.clear()
    with pytest.raises(DatabaseUnavailableError, match=f"{SECRET_ARN} was not read in"):
        await source.current()
    secrets_manager.open.set()
    monkeypatch.undo()


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        '"hunter2"',
        '["hunter2"]',
        '{"password": "hunter2"}',
        '{"username": "todo_app", "hunter2": 1}',
        '{"username": "todo_app", "password": ""}',
        '{"username": "todo_app", "password": ["hunter2"]}',
        '{"username": "todo_app", "password": "hunter2\\ud800"}',
        '{"username": 1, "password": "hunter2"}',
        '{"username": "", "password": "hunter2"}',
        '{"username": "a`b", "password": "hunter2"}',
        f'{{"username": "{"x" * 33}", "password": "hunter2"}}',
        "",
        None,
    ],
)
async def test_a_secret_that_is_no_account_is_refused_and_not_shown(
    secrets_manager: SecretsManager, source: SecretsManagerCredentials, secret: str | None
) -> None:
    secrets_manager.versions[CURRENT] = secret
    with pytest.raises(DatabaseRefusedError, match=f"{SECRET_ARN} is no database acc") as caught:
        await source.current()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_a_pending_version_that_is_no_account_is_left_out_with_a_warning(
    secrets_manager: SecretsManager,
    source: SecretsManagerCredentials,
    caplog: pytest.LogCaptureFixture,
) -> None:
    secrets_manager.versions[PENDING] = "hunter2"
    assert list(await source.renewed()) == [FIRST]
    (record,) = (one for one in caplog.records if one.levelno >= logging.WARNING)
    assert f"{SECRET_ARN} (AWSPENDING)" in record.getMessage()
    assert "hunter2" not in caplog.text


async def test_the_log_tells_of_a_new_password_without_it(
    source: SecretsManagerCredentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source.accepted(await source.current())
    source.accepted(SECOND)
    changes = [one.getMessage() for one in caplog.records if one.levelno >= logging.INFO]
    assert changes == [f"the database accepts other credentials of {SECRET_ARN} now"]
    assert not {"first", "second"} & set(re.findall(r"\w+", caplog.text + repr(source)))
