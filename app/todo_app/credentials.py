"""Which account to log in as, and where its password comes from."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from todo_app.errors import DatabaseRefusedError, DatabaseUnavailableError

__all__ = [
    "Credentials",
    "CredentialsSource",
    "FixedCredentials",
    "SecretsManagerCredentials",
    "is_secret_arn",
]

_log = logging.getLogger(__name__)

_ARN: Final = re.compile(r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):\d{12}:secret:\S+")
_USER_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,32}")  # as DATABASE_USER: needs no quoting
_PAUSE_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A database account."""

    user: str
    password: str = field(repr=False)


class CredentialsSource(Protocol):
    """Knows the credentials of an account whose password may change while we run."""

    async def current(self) -> Credentials:
        """Return what to log in with.

        Raises:
            DatabaseUnavailableError: if the source cannot be asked now.
            DatabaseRefusedError: if it has no usable credentials.
        """
        ...

    async def renewed(self) -> Sequence[Credentials]:
        """Ask the source again: what to try after the current ones were refused.

        The most likely ones come first; those that were refused may be among them.

        Raises:
            DatabaseUnavailableError: if the source cannot be asked now.
            DatabaseRefusedError: if it has no usable credentials.
        """
        ...

    def accepted(self, credentials: Credentials) -> None:
        """Take note of what the database accepts: what `current` returns from now on."""
        ...


@dataclass(frozen=True)
class FixedCredentials:
    """Credentials that stay the same as long as this process runs."""

    credentials: Credentials

    async def current(self) -> Credentials:
        """See `CredentialsSource.current`."""
        return self.credentials

    async def renewed(self) -> Sequence[Credentials]:
        """See `CredentialsSource.renewed`: there is nothing else."""
        return ()

    def accepted(self, credentials: Credentials) -> None:
        """See `CredentialsSource.accepted`."""


class SecretsManagerCredentials:
    """Credentials in AWS Secrets Manager, which may be rotated there at any time.

    A rotation stores the next password as AWSPENDING, sets it in the database and only then makes
    it AWSCURRENT: in between, the database wants the pending one. So both are worth a try.

    The secret is read before the first login and after a refused one, not more than once a second;
    whoever asks meanwhile gets the same answer. While Secrets Manager is away, what the database
    accepted last goes on working.
    """

    def __init__(self, arn: str) -> None:
        self._secret = _Secret(arn)
        self._current: Credentials | None = None
        self._answer: Sequence[Credentials] = ()
        self._not_before = 0.0
        self._asking: asyncio.Task[Sequence[Credentials]] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._secret.arn!r})"

    async def current(self) -> Credentials:
        """See `CredentialsSource.current`."""
        if self._current is None:
            answer = await self._ask()
            # Another login may have found out more while this one waited.
            self._current = self._current or answer[0]
        return self._current

    async def renewed(self) -> Sequence[Credentials]:
        """See `CredentialsSource.renewed`."""
        # An answer of this second will do if it knows of something else; if not, the rotation may
        # have begun just after it, and only a new answer tells.
        is_fresh = time.monotonic() < self._not_before
        if is_fresh and any(known != self._current for known in self._answer):
            return self._answer
        return await self._ask()

    def accepted(self, credentials: Credentials) -> None:
        """See `CredentialsSource.accepted`."""
        if credentials != self._current:
            _log.info("the database accepts other credentials of %s now", self._secret.arn)
        self._current = credentials
        # What comes before them in the last answer was refused, and is no reason not to ask again.
        if credentials in self._answer:
            self._answer = self._answer[self._answer.index(credentials) :]

    async def _ask(self) -> Sequence[Credentials]:
        if self._asking is None:
            self._asking = asyncio.create_task(self._read())
            self._asking.add_done_callback(self._asked)
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                return await asyncio.shield(self._asking)
        except TimeoutError as error:
            raise DatabaseUnavailableError(
                f"{self._secret.arn} was not read in {_LONGEST_WAIT_SECONDS:.0f} s"
            ) from error

    async def _read(self) -> Sequence[Credentials]:
        await asyncio.sleep(self._not_before - time.monotonic())
        self._not_before = time.monotonic() + _PAUSE_SECONDS
        self._answer = ()
        self._answer = await asyncio.to_thread(self._secret.read)
        return self._answer

    def _asked(self, task: asyncio.Task[Sequence[Credentials]]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # everybody who waited for it may have gone


def is_secret_arn(text: str) -> bool:
    """Whether this is the full ARN of a secret in Secrets Manager."""
    return _ARN.fullmatch(text) is not None


class _Secret:
    """Reads one secret; blocks, and is to be used by one thread at a time."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self._client: Any = None

    def read(self) -> Sequence[Credentials]:
        """Return the current and the pending credentials; only once if they are the same.

        Raises:
            DatabaseUnavailableError: if Secrets Manager does not answer, or not with the secret.
            DatabaseRefusedError: if the secret is no database account.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _connect

        try:
            self._client = self._client or self._connect()
            # In this order nothing is missed if one becomes the other between the two calls.
            pending = self._pending()
            current = self._version("AWSCURRENT")
        # The last two are what botocore lets through from files and variables it is told to use.
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            raise DatabaseUnavailableError(f"{self.arn} cannot be read: {error}") from error
        found = [_parsed(current, self.arn)]
        if pending is not None:
            try:
                found.append(_parsed(pending, f"{self.arn} (AWSPENDING)"))
            except DatabaseRefusedError as error:
                _log.warning("%s", error)  # whoever rotates it has not finished, or has failed
        return tuple(dict.fromkeys(found))

    def _connect(self) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
        # 17 MB and a fifth of a second that those with fixed credentials do not pay.
        import botocore.config  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        # Its debugging output has the answers in it, and they have the password.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        match = _ARN.fullmatch(self.arn)
        return botocore.session.Session().create_client(
            "secretsmanager",
            region_name=match["region"] if match else None,
            config=botocore.config.Config(
                connect_timeout=2,
                read_timeout=2,
                retries={"mode": "standard", "total_max_attempts": 2},
            ),
        )

    def _version(self, stage: str) -> str:
        answer = self._client.get_secret_value(SecretId=self.arn, VersionStage=stage)
        return str(answer.get("SecretString", ""))

    def _pending(self) -> str | None:
        try:
            return self._version("AWSPENDING")
        except self._client.exceptions.ResourceNotFoundException:
            return None  # no rotation is under way


def _parsed(text: str, where: str) -> Credentials:
    """Take an account out of the JSON that RDS itself writes; a message never shows any of it."""
    try:
        secret = json.loads(text)
        user, password = secret["username"], secret["password"]
        usable = bool(_USER_NAME.fullmatch(user) and password and password.encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        usable = False
    if not usable:
        # Not from the error above, and without its text: both could quote the secret.
        raise DatabaseRefusedError(
            f"{where} is no database account: needed is JSON with username (1 to 32 letters A-Z, "
            "a-z, digits and _) and password"
        )
    return Credentials(user=user, password=password)
