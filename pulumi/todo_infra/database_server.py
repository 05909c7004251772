"""One database server of the stack, with all that is its own: accounts, replicas and a proxy.

There is one, and a second while a restore is under way: it differs by the end of its resources'
names, and by where its data comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config
from .credentials import GeneratedCredentials, GeneratedCredentialsArgs
from .database_inputs import DATABASE_NAME, MASTER_USERNAME, Generation, origin, writer_inputs
from .database_proxy import DatabaseProxy, DatabaseProxyArgs
from .database_replicas import ReadReplicas, ReadReplicasArgs, replica_identifiers
from .ports import DATABASE_PORT
from .security_groups import SecurityGroups
from .terraform_state import ExistingInfrastructure

__all__ = ["DatabaseServer", "DatabaseServerArgs"]

_APP_USERNAME = "todo_app"


@dataclass(frozen=True, kw_only=True)
class DatabaseServerArgs:
    """What a server is made with.

    Attributes:
        settings: The stack's config.
        network: Its private subnets are where a proxy is.
        groups: Of the tasks that a proxy accepts, and of the database.
        key_arn: Encrypts storage and secrets; None leaves that to the keys that AWS manages.
        subnet_group_name: Where it is.
        inputs: What all servers of the stack have in common, replicas included.
        waits_for: What has to be there before.
    """

    settings: config.Settings
    network: ExistingInfrastructure
    groups: SecurityGroups
    key_arn: pulumi.Input[str] | None
    subnet_group_name: pulumi.Output[str]
    inputs: Mapping[str, Any]
    waits_for: list[pulumi.Resource]


class DatabaseServer:
    """A server; no component, since the first one's resources are children of the database.

    Attributes:
        instance: The RDS instance that takes the writes.
        replicas: The instances that take reads only.
        app_secret_arn: The secret with the application's own `username` and `password`. Each
            server has one: a rotation finds its server in the secret.
        master_secret_arn: The secret with the master's.
    """

    instance: aws.rds.Instance
    replicas: list[aws.rds.Instance]
    app_secret_arn: pulumi.Output[str]
    master_secret_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: DatabaseServerArgs,
        parent: pulumi.Resource,
        generation: Generation,
        source: "DatabaseServer | None" = None,
    ) -> None:
        self._name, self._args, self._parent, self._generation = name, args, parent, generation
        self._identifier = generation.identifier(args.subnet_group_name)
        master = self._generated_master()
        self.instance = self._instance(master, source)
        self.replicas = self._read_replicas()
        self.master_secret_arn = master.secret_arn if master else self._managed_secret_arn()
        self.app_secret_arn = self._application_account()
        # The name, and not an address: the server's certificate carries it.
        self._host = self._proxy() if self._operations.proxy else self.instance.address

    @property
    def environment(self) -> dict[str, pulumi.Input[str]]:
        """The variables that tell the application where the server is."""
        hosts = [replica.address for replica in self.replicas]
        readers = pulumi.Output.all(*hosts).apply(",".join)
        return {
            "DATABASE_HOST": self._host,
            "DATABASE_PORT": str(DATABASE_PORT),
            "DATABASE_NAME": DATABASE_NAME,
            **({"DATABASE_READER_HOST": readers} if hosts else {}),
        }

    @property
    def _operations(self) -> config.DatabaseOperations:
        return self._args.settings.database_operations

    def _child(self, **options: Any) -> pulumi.ResourceOptions:  # noqa: ANN401 - as the SDK has it
        return pulumi.ResourceOptions(parent=self._parent, **options)

    def _generated_master(self) -> GeneratedCredentials | None:
        if self._operations.managed_master_password:
            return None
        master_args = GeneratedCredentialsArgs(
            username=MASTER_USERNAME,
            description="Master user of the TODO database",
            settings=self._args.settings.secrets,
            key_arn=self._args.key_arn,
        )
        name = f"{self._name}-master{self._generation.end}"
        return GeneratedCredentials(name, master_args, self._child())

    def _instance(
        self, master: GeneratedCredentials | None, source: "DatabaseServer | None"
    ) -> aws.rds.Instance:
        args = self._args
        restore = self._generation.restore
        made_of = origin(restore, source.instance.identifier) if restore and source else {}
        return aws.rds.Instance(
            f"{self._name}-database{self._generation.end}",
            **{**args.inputs, **writer_inputs(args.settings, self._identifier), **made_of},
            password=master.password if master else None,
            manage_master_user_password=None if master else True,
            master_user_secret_kms_key_id=None if master else args.key_arn,
            kms_key_id=args.key_arn,
            db_subnet_group_name=args.subnet_group_name,
            # Its name is taken as long as it is there; `protect` refuses a replacement, too.
            opts=self._child(
                protect=self._operations.protect,
                delete_before_replace=True,
                depends_on=args.waits_for,
                ignore_changes=self._generation.forgotten,
            ),
        )

    def _read_replicas(self) -> list[aws.rds.Instance]:
        count = self._args.settings.database.read_replicas
        replicas_args = ReadReplicasArgs(
            source=self.instance,
            identifiers=replica_identifiers(self._identifier, count),
            inputs=self._args.inputs,
            waits_for=self._args.waits_for,
        )
        name = f"{self._name}-database{self._generation.end}"
        return ReadReplicas(name, replicas_args, self._child()).instances

    def _managed_secret_arn(self) -> pulumi.Output[str]:
        return self.instance.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))

    def _application_account(self) -> pulumi.Output[str]:
        """Make the password of the account that the migration makes; see docs/decisions/002."""
        account_args = GeneratedCredentialsArgs(
            username=_APP_USERNAME,
            description="The TODO application's account in its database",
            settings=self._args.settings.secrets,
            key_arn=self._args.key_arn,
            server={
                "engine": "mysql",
                "host": self.instance.address,
                "port": DATABASE_PORT,
                "dbname": DATABASE_NAME,
                "ssl": True,
            },
        )
        name = f"{self._name}-app{self._generation.end}"
        return GeneratedCredentials(name, account_args, self._child()).secret_arn

    def _proxy(self) -> pulumi.Output[str]:
        proxy_args = DatabaseProxyArgs(
            region=self._args.settings.region,
            network=self._args.network,
            groups=self._args.groups,
            database_identifier=self.instance.identifier,
            secret_arns=[self.app_secret_arn, self.master_secret_arn],
            key_arn=self._args.key_arn,
        )
        name = f"{self._name}-database{self._generation.end}"
        return DatabaseProxy(name, proxy_args, self._child()).endpoint
