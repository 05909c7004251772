"""Settings, read from the environment once, at start."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from todo_app.credentials import (
    Credentials,
    CredentialsSource,
    FixedCredentials,
    SecretsManagerCredentials,
    is_secret_arn,
)
from todo_app.tls import UnusableCertificateError, verifying_context

__all__ = [
    "Credentials",
    "DatabaseSettings",
    "HTTPSettings",
    "MigrateSettings",
    "PoolSettings",
    "ServeSettings",
    "SettingsError",
    "load_migrate_settings",
    "load_serve_settings",
]

LOG_LEVELS: Final = ("debug", "info", "warning", "error")

# MySQL takes more in a quoted identifier; these need no quoting anywhere, GRANT patterns included.
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_]+")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_LONGEST_DATABASE_NAME: Final = 64
_LONGEST_USER_NAME: Final = 32


class SettingsError(Exception):
    """The environment does not describe a usable configuration.

    The message lists every problem found, each naming its variable, and never shows a secret.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Cannot start, the environment is not usable:\n{listed}")


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Where the database is and how it proves who it is.

    Attributes:
        tls: the context every connection uses; see `todo_app.tls`.
        connect_seconds: longest time for TCP, TLS and login together.
    """

    host: str
    port: int
    name: str
    tls: ssl.SSLContext = field(repr=False)
    connect_seconds: int


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """How the server shares its database connections.

    Attributes:
        size: most connections open at once, per server process.
        wait_seconds: longest time a request waits for a free connection.
        query_seconds: longest time a request may hold a connection.
        queue: most requests that wait at once; the next is refused.
    """

    size: int
    wait_seconds: int
    query_seconds: int
    queue: int


@dataclass(frozen=True, kw_only=True)
class HTTPSettings:
    """How the server meets its clients.

    Attributes:
        host: address to listen on.
        port: port to listen on.
        metrics_port: port of `GET /metrics`; 0 for none.
        rate_limit_per_second: requests of one client address, on average; 0 for no limit.
        forwarded_hops: proxies of ours in front, each of which adds to `X-Forwarded-For`.
        access_log: whether requests that went well are logged.
        lame_duck_seconds: how long to serve on after SIGTERM, while clients are sent elsewhere.
    """

    host: str
    port: int
    metrics_port: int
    rate_limit_per_second: int
    forwarded_hops: int
    access_log: bool
    lame_duck_seconds: int


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """What `serve` needs. It has no field for the master account.

    Attributes:
        readers: replicas of the database, which only reads may go to.
        credentials: the application's own, least-privileged account.
    """

    database: DatabaseSettings
    readers: tuple[DatabaseSettings, ...]
    credentials: CredentialsSource
    pool: PoolSettings
    http: HTTPSettings
    log_level: str


@dataclass(frozen=True, kw_only=True)
class MigrateSettings:
    """What `migrate` needs.

    Attributes:
        credentials: the application's own, least-privileged account, which it sets up.
        admin: the master account, which creates the schema and the application's account.
        deadline_seconds: longest time to wait for the database and for other migrations.
    """

    database: DatabaseSettings
    credentials: CredentialsSource
    admin: Credentials
    deadline_seconds: int
    log_level: str


class _Reader:
    """Reads variables and collects every problem; an empty variable counts as absent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environment.get(name) or default
        if value is None:
            self.problems.append(f"{name} is missing")
            return ""
        return value

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        text = self._environment.get(name) or str(default)
        # No limit has more digits, and Python counts those of a number before it reads it.
        if _NUMBER.fullmatch(text) and low <= int(text) <= high:
            return int(text)
        self.problems.append(f"{name} is {text!r}: a whole number from {low} to {high} is allowed")
        return default

    def choice(self, name: str, *, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            self.problems.append(f"{name} is {value!r}: allowed are {', '.join(allowed)}")
        return value

    def identifier(self, name: str, *, longest: int, default: str | None = None) -> str:
        value = self.text(name, default)
        if value and not (_IDENTIFIER.fullmatch(value) and len(value) <= longest):
            self.problems.append(
                f"{name} is {value!r}: 1 to {longest} of the letters A-Z, a-z, digits and _ "
                "are allowed"
            )
        return value

    def credentials(self, user: str, password: str) -> Credentials:
        return Credentials(
            user=self.identifier(user, longest=_LONGEST_USER_NAME), password=self.text(password)
        )

    def source(self) -> CredentialsSource:
        names = ("DATABASE_USER", "DATABASE_PASSWORD")
        given = [name for name in (*names, "DATABASE_SECRET_ARN") if self._environment.get(name)]
        if given == list(names):
            return FixedCredentials(self.credentials(*names))
        if given == ["DATABASE_SECRET_ARN"]:
            return self.secret("DATABASE_SECRET_ARN")
        self.problems.append(
            "set either both of DATABASE_USER and DATABASE_PASSWORD or DATABASE_SECRET_ARN alone "
            "(a secret in Secrets Manager that holds the two): the application's own account; "
            f"set now: {', '.join(given) or 'none of them'}"
        )
        return FixedCredentials(Credentials(user="", password=""))

    def secret(self, name: str) -> CredentialsSource:
        arn = self.text(name)
        if not is_secret_arn(arn):
            self.problems.append(
                f"{name} is {arn!r}: the full ARN of a secret in Secrets Manager is allowed"
            )
        return SecretsManagerCredentials(arn)

    def tls(self) -> ssl.SSLContext | None:
        pem = self._environment.get("DATABASE_CA_PEM")
        file = self._environment.get("DATABASE_CA_FILE")
        if bool(pem) == bool(file):
            self.problems.append(
                "set exactly one of DATABASE_CA_FILE (a path) and DATABASE_CA_PEM (PEM text): the "
                "authority that signed the database server's certificate; without it no "
                "connection can be verified, and unverified connections are never made"
            )
            return None
        name = "DATABASE_CA_PEM" if pem else f"DATABASE_CA_FILE ({file})"
        try:
            return verifying_context(pem or Path(file or "").read_text("ascii"))
        except (OSError, UnicodeDecodeError, UnusableCertificateError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no readable PEM certificate"
            self.problems.append(f"{name} is not usable: {reason}")
            return None

    def database(self) -> DatabaseSettings:
        tls = self.tls()
        return DatabaseSettings(
            host=self.text("DATABASE_HOST"),
            port=self.integer("DATABASE_PORT", default=3306, low=1, high=65535),
            name=self.identifier("DATABASE_NAME", default="todo", longest=_LONGEST_DATABASE_NAME),
            # A stand-in that trusts nobody: check() raises before anyone can use it.
            tls=tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            connect_seconds=self.integer("DATABASE_CONNECT_SECONDS", default=5, low=1, high=60),
        )

    def readers(self, database: DatabaseSettings) -> tuple[DatabaseSettings, ...]:
        text = self._environment.get("DATABASE_READER_HOST", "")
        hosts = [host.strip() for host in text.split(",")] if text else []
        if not all(hosts):
            self.problems.append(
                f"DATABASE_READER_HOST is {text!r}: host names separated by commas are allowed"
            )
        return tuple(replace(database, host=host) for host in hosts)

    def http(self) -> HTTPSettings:
        return HTTPSettings(
            # Only this machine, unless told otherwise; the container image says otherwise.
            host=self.text("HTTP_HOST", "127.0.0.1"),
            port=self.integer("HTTP_PORT", default=8080, low=1, high=65535),
            metrics_port=self.integer("METRICS_PORT", default=0, low=0, high=65535),
            rate_limit_per_second=self.integer(
                "RATE_LIMIT_PER_SECOND", default=50, low=0, high=1_000_000
            ),
            forwarded_hops=self.integer("FORWARDED_HOPS", default=0, low=0, high=10),
            access_log=self.choice("ACCESS_LOG", default="on", allowed=("on", "off")) == "on",
            # ECS is told 60 s, and other places may give 10: what is in flight needs the rest.
            lame_duck_seconds=self.integer("LAME_DUCK_SECONDS", default=3, low=0, high=15),
        )

    def log_level(self) -> str:
        return self.choice("LOG_LEVEL", default="info", allowed=LOG_LEVELS)

    def check(self) -> None:
        if self.problems:
            raise SettingsError(self.problems)


def load_serve_settings(environment: Mapping[str, str]) -> ServeSettings:
    """Read what `serve` needs from `environment`.

    Raises:
        SettingsError: naming every missing or unusable variable.
    """
    reader = _Reader(environment)
    database = reader.database()
    settings = ServeSettings(
        database=database,
        readers=reader.readers(database),
        credentials=reader.source(),
        pool=PoolSettings(
            size=reader.integer("DATABASE_POOL_SIZE", default=8, low=1, high=200),
            wait_seconds=reader.integer("DATABASE_POOL_WAIT_SECONDS", default=2, low=1, high=60),
            query_seconds=reader.integer("DATABASE_QUERY_SECONDS", default=5, low=1, high=60),
            queue=reader.integer("DATABASE_POOL_QUEUE", default=256, low=0, high=10_000),
        ),
        http=reader.http(),
        log_level=reader.log_level(),
    )
    reader.check()
    return settings


def load_migrate_settings(environment: Mapping[str, str]) -> MigrateSettings:
    """Read what `migrate` needs from `environment`.

    Raises:
        SettingsError: naming every missing or unusable variable.
    """
    reader = _Reader(environment)
    settings = MigrateSettings(
        database=reader.database(),
        credentials=reader.source(),
        admin=reader.credentials("DATABASE_ADMIN_USER", "DATABASE_ADMIN_PASSWORD"),
        deadline_seconds=reader.integer("MIGRATE_DEADLINE_SECONDS", default=120, low=1, high=3600),
        log_level=reader.log_level(),
    )
    app = settings.credentials
    # Of an account in a secret, `migrate` finds out when it reads it.
    if isinstance(app, FixedCredentials) and settings.admin.user == app.credentials.user != "":
        reader.problems.append(
            f"DATABASE_USER and DATABASE_ADMIN_USER are both {settings.admin.user!r}: the "
            "application needs an account of its own, without the master's rights"
        )
    reader.check()
    return settings
