"""A secret in Secrets Manager, and the four steps in which AWS rotates it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
import pymysql
from botocore.exceptions import BotoCoreError

from local.workspace import REGION
from tests.faults.servers import APP_USER, Container, Database
from tests.faults.stage import APP_PASSWORD

__all__ = ["STEPS", "RotatedSecret"]

_PORT: Final = 4566
_READY_SECONDS: Final = 60
_KEYS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

STEPS: Final = ("createSecret", "setSecret", "testSecret", "finishSecret")
"""As a rotation function is called, in this order."""


class RotatedSecret:
    """The application's account, rotated as AWS's own function for a single user does it.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
    """

    def __init__(self, endpoint: Container, database: Database) -> None:
        self._database = database
        self._client: Any = boto3.client(
            "secretsmanager",
            endpoint_url=f"http://{endpoint.ip}:{_PORT}",
            region_name=REGION,
            aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        )
        self.arn = self._create()
        self._token = ""

    def environment(self) -> Mapping[str, str]:
        """What tells the application to read the secret by itself, and from where."""
        return {
            "DATABASE_USER": "",
            "DATABASE_PASSWORD": "",
            "DATABASE_SECRET_ARN": self.arn,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://secrets:{_PORT}",
            **_KEYS,
        }

    def run(self, step: str) -> None:
        """Run one of `STEPS`."""
        steps: dict[str, Callable[[], None]] = dict(
            zip(STEPS, (self._make, self._set, self._test, self._finish), strict=True)
        )
        steps[step]()

    def undo(self) -> None:
        """Give the account the password back that others know."""
        with self._database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER USER {APP_USER} IDENTIFIED BY %s", (APP_PASSWORD,))

    def _create(self) -> str:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                secret = self._client.create_secret(
                    Name=f"todo-app-{uuid.uuid4().hex[:8]}", SecretString=_account(APP_PASSWORD)
                )
            except BotoCoreError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            else:
                return str(secret["ARN"])

    def _make(self) -> None:
        self._token = str(uuid.uuid4())
        password = self._client.get_random_password(PasswordLength=32)["RandomPassword"]
        self._client.put_secret_value(
            SecretId=self.arn,
            ClientRequestToken=self._token,
            SecretString=_account(password),
            VersionStages=["AWSPENDING"],
        )

    def _set(self) -> None:
        # The account changes its own password: a rotation needs no rights but its own.
        with self._log_in("AWSCURRENT") as connection, connection.cursor() as cursor:
            value = "PASSWORD(%s)" if self._database.is_mariadb else "%s"
            cursor.execute(f"SET PASSWORD = {value}", (self._password("AWSPENDING"),))

    def _test(self) -> None:
        with self._log_in("AWSPENDING") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM todo.todos LIMIT 1")

    def _finish(self) -> None:
        versions = self._client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        (old,) = (version for version, stages in versions.items() if "AWSCURRENT" in stages)
        self._client.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=self._token,
            RemoveFromVersionId=old,
        )

    def _password(self, stage: str) -> str:
        value = self._client.get_secret_value(SecretId=self.arn, VersionStage=stage)
        return str(json.loads(value["SecretString"])["password"])

    def _log_in(self, stage: str) -> pymysql.Connection[pymysql.cursors.Cursor]:
        return self._database.connect(APP_USER, self._password(stage))


def _account(password: str) -> str:
    return json.dumps({"username": APP_USER, "password": password, "engine": "mysql"})
