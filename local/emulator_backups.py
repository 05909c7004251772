"""Backups of the emulator's databases: a dump as of one moment, and the binary log after it."""

from __future__ import annotations

import io
import re
import tarfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pymysql

__all__ = ["Backup", "BackupError", "Server"]

_SCRIPT: Final = "/usr/local/bin/local-backup.sh"
_FOLDER: Final = "/var/tmp"  # noqa: S108 - nobody else is in the container
# As the dump says where in the log it was taken, in MySQL's words and in MariaDB's.
_PLACE: Final = re.compile(rb"(?:MASTER|SOURCE)_LOG_FILE='(.+?)', (?:MASTER|SOURCE)_LOG_POS=(\d+)")
_HEAD: Final = 10_000
# RDS's own, and the server's.
_SYSTEM_ACCOUNTS: Final = ("root", "mysql", "rdsadmin", "PUBLIC", "")

Accounts = Sequence[str]


class BackupError(Exception):
    """A backup cannot be taken or loaded; the message is what the server said."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What an instance held at a moment.

    Attributes:
        taken: when it was complete: no later change is in it.
        dump: file of SQL statements.
        log: name of the binary log where the changes after it begin; empty without one.
        place: where in that log.
        accounts: statements that make the accounts of that moment.
        password: the master's, then.
    """

    taken: datetime
    dump: Path
    log: str
    place: int
    accounts: Accounts
    password: str


class Server:
    """The container of an instance.

    Args:
        docker: client of the engine.
        instance: the emulator's record of it.
    """

    def __init__(self, docker: Any, instance: Mapping[str, Any]) -> None:  # noqa: ANN401 - untyped
        self._container = docker.containers.get(instance["_docker_container_id"])
        self._instance = instance

    def dump(self, folder: Path) -> Backup:
        """Take a backup.

        Raises:
            BackupError: it cannot be taken.
        """
        # First: one that is made meanwhile is in the log, and making it again does no harm.
        accounts = self._accounts()
        file = folder / f"{uuid.uuid4().hex}.sql"
        self._fetch(file, "dump")
        with file.open("rb") as opened:
            place = _PLACE.search(opened.read(_HEAD))
        return Backup(
            taken=datetime.now(UTC),
            dump=file,
            log=place[1].decode() if place else "",
            place=int(place[2]) if place else 0,
            accounts=accounts,
            password=self._instance["_MasterUserPassword"],
        )

    def changes(self, since: Backup, until: datetime, folder: Path) -> Path:
        """Return a file with what began after a backup of this server, and before a moment."""
        file = folder / f"{uuid.uuid4().hex}.sql"
        moment = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self._fetch(file, "changes", since.log, str(since.place), moment)
        return file

    def load(self, backup: Backup, changes: Path | None) -> None:
        """Bring an empty server to what another one held.

        Its passwords of root and of the master stay what they are.

        Raises:
            BackupError: it cannot be loaded.
        """
        # A login that a password in the data cannot end.
        with self._connect() as connection, connection.cursor() as cursor:
            for statement in backup.accounts:
                cursor.execute(statement)
            for file in filter(None, (backup.dump, changes)):
                self._send(file)
            self._set_passwords(cursor)

    def set_passwords(self) -> None:
        """Have the master's password be what it is on record."""
        with self._connect() as connection, connection.cursor() as cursor:
            self._set_passwords(cursor)

    def _set_passwords(self, cursor: pymysql.cursors.Cursor) -> None:
        for name in ("root", self._instance["MasterUsername"]):
            cursor.execute(
                f"ALTER USER IF EXISTS `{name}`@`%%` IDENTIFIED BY %s",
                (self._instance["_MasterUserPassword"],),
            )

    def _accounts(self) -> Accounts:
        master = self._instance["MasterUsername"]
        statements = []
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT User FROM mysql.user WHERE Host = '%'")
            names = [str(row[0]) for row in cursor.fetchall()]
            for name in names:
                if name in {*_SYSTEM_ACCOUNTS, master}:
                    continue
                cursor.execute(f"SHOW CREATE USER `{name}`@`%`")
                ((made,),) = cursor.fetchall()
                statements.append(made.replace("CREATE USER", "CREATE USER IF NOT EXISTS", 1))
                cursor.execute(f"SHOW GRANTS FOR `{name}`@`%`")
                statements += [str(row[0]) for row in cursor.fetchall()]
        return tuple(statements)

    def _connect(self) -> pymysql.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(
            host=self._instance["_internal_address"],
            port=self._instance["_internal_port"],
            user="root",
            password=self._instance["_MasterUserPassword"],
            autocommit=True,
        )

    def _fetch(self, file: Path, command: str, *words: str) -> None:
        """Run the script, which writes a file in the container, and take that out."""
        inside = f"{_FOLDER}/{file.name}"
        self._run(command, inside, *words)
        chunks, _ = self._container.get_archive(inside)
        archive = io.BytesIO(b"".join(chunks))
        with tarfile.open(fileobj=archive) as opened, file.open("wb") as target:
            member = opened.extractfile(file.name)
            target.write(member.read() if member else b"")
        self._container.exec_run(["rm", inside])

    def _send(self, file: Path) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as opened:
            opened.add(file, file.name)
        self._container.put_archive(_FOLDER, archive.getvalue())
        self._run("load", f"{_FOLDER}/{file.name}")
        self._container.exec_run(["rm", f"{_FOLDER}/{file.name}"])

    def _run(self, *words: str) -> None:
        password = {"MYSQL_PWD": self._instance["_MasterUserPassword"]}
        code, output = self._container.exec_run([_SCRIPT, *words], environment=password)
        if code:
            raise BackupError(output.decode(errors="replace").strip())
