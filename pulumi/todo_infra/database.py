"""The database: RDS for MySQL that talks TLS only, with its accounts, replicas and proxy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config, mysql_support
from .credentials import GeneratedCredentials, GeneratedCredentialsArgs
from .database_inputs import DATABASE_NAME, MASTER_USERNAME, shared_inputs, writer_inputs
from .database_monitoring import DatabaseMonitoring, DatabaseMonitoringArgs
from .database_parameters import parameter_family, server_parameters
from .database_proxy import DatabaseProxy, DatabaseProxyArgs
from .database_replicas import ReadReplicas, ReadReplicasArgs, replica_identifiers
from .ports import DATABASE_PORT
from .rotation import PasswordRotation, PasswordRotationArgs
from .security_groups import SecurityGroups
from .terraform_state import ExistingInfrastructure

__all__ = ["Database", "DatabaseArgs"]

_APP_USERNAME = "todo_app"


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What database it is and where it lives.

    Attributes:
        settings: The stack's config: the database's own, secrets and logs.
        network: Its private subnets are where the database is.
        groups: Of the instance and its replicas, and of the tasks that a proxy accepts.
        key_arn: Encrypts storage, backups, secrets and logs; None leaves that to the keys
            that AWS manages. Changing it replaces the database.
    """

    settings: config.Settings
    network: ExistingInfrastructure
    groups: SecurityGroups
    key_arn: pulumi.Input[str] | None


class Database(pulumi.ComponentResource):
    """The instance and what belongs to it.

    Attributes:
        instance: The RDS instance that takes the writes.
        replicas: The instances that take reads only.
        environment: The variables that tell the application where the database is.
        app_secret_arn: The secret with the application's own `username` and `password`.
        master_secret_arn: The secret with the master's.
    """

    instance: aws.rds.Instance
    replicas: list[aws.rds.Instance]
    environment: dict[str, pulumi.Input[str]]
    app_secret_arn: pulumi.Output[str]
    master_secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Database", name, None, opts)
        self._name, self._args = name, args
        self._warn_of_the_end_of_support(args)
        subnets = self._subnet_group(name, args)
        # The subnet group's generated end keeps an identifier apart from that of an earlier
        # database of the stack, and is known before the instance is.
        identifier = subnets.name
        copies = replica_identifiers(identifier, args.settings.database.read_replicas)
        monitoring_args = DatabaseMonitoringArgs(
            settings=args.settings,
            identifiers={"writer": identifier, **copies},
            key_arn=args.key_arn,
        )
        monitoring = DatabaseMonitoring(f"{name}-database", monitoring_args, self._child())
        shared = shared_inputs(
            args.settings,
            parameter_group_name=self._parameter_group(name, args).name,
            security_group_id=args.groups.database_id,
        )
        common = {**shared, **monitoring.inputs}
        master = self._generated_master(name, args)
        self.instance = self._instance(name, args, subnets, common, master, monitoring.log_groups)
        self.replicas = self._read_replicas(name, copies, common, monitoring.log_groups)
        self.master_secret_arn = master.secret_arn if master else self._managed_secret_arn()
        self.app_secret_arn = self._application_account(name, args)
        self.environment = {
            # The name, and not an address: the server's certificate carries it.
            "DATABASE_HOST": self._host(name, args),
            "DATABASE_PORT": str(DATABASE_PORT),
            "DATABASE_NAME": DATABASE_NAME,
            **self._readers(),
        }
        self.register_outputs({"master_secret_arn": self.master_secret_arn})

    def rotate_password(self, *, after: pulumi.Resource) -> PasswordRotation:
        """Change the application's password regularly, where the stack's config says so.

        Args:
            after: The service, whose migration makes the account.
        """
        rotation_args = PasswordRotationArgs(
            settings=self._args.settings,
            network=self._args.network,
            groups=self._args.groups,
            secret_arn=self.app_secret_arn,
            key_arn=self._args.key_arn,
            after=after,
        )
        return PasswordRotation(f"{self._name}-app", rotation_args, self._child())

    def _child(self, **options: Any) -> pulumi.ResourceOptions:  # noqa: ANN401 - as the SDK has it
        return pulumi.ResourceOptions(parent=self, **options)

    def _warn_of_the_end_of_support(self, args: DatabaseArgs) -> None:
        version, today = args.settings.database_operations.engine_version, datetime.now(UTC).date()
        if text := mysql_support.warning(version, today):
            pulumi.warn(text, resource=self)

    def _subnet_group(self, name: str, args: DatabaseArgs) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{name}-database",
            description="Private subnets of the database",
            subnet_ids=list(args.network.private_subnet_ids),
            opts=self._child(),
        )

    def _parameter_group(self, name: str, args: DatabaseArgs) -> aws.rds.ParameterGroup:
        """Require TLS of every client, whatever the version's own default is.

        A new MySQL line needs a group of another family. Its name is generated, so the new
        group is there before the instance leaves the old one.
        """
        operations = args.settings.database_operations
        return aws.rds.ParameterGroup(
            f"{name}-database",
            family=parameter_family(operations.engine_version),
            description="TLS 1.2 or newer for every connection",
            parameters=server_parameters(operations),
            opts=self._child(),
        )

    def _generated_master(self, name: str, args: DatabaseArgs) -> GeneratedCredentials | None:
        if args.settings.database_operations.managed_master_password:
            return None
        master_args = GeneratedCredentialsArgs(
            username=MASTER_USERNAME,
            description="Master user of the TODO database",
            settings=args.settings.secrets,
            key_arn=args.key_arn,
        )
        return GeneratedCredentials(f"{name}-master", master_args, self._child())

    def _instance(
        self,
        name: str,
        args: DatabaseArgs,
        subnets: aws.rds.SubnetGroup,
        common: Mapping[str, Any],
        master: GeneratedCredentials | None,
        log_groups: list[pulumi.Resource],
    ) -> aws.rds.Instance:
        return aws.rds.Instance(
            f"{name}-database",
            **common,
            **writer_inputs(args.settings, subnets.name),
            password=master.password if master else None,
            manage_master_user_password=None if master else True,
            master_user_secret_kms_key_id=None if master else args.key_arn,
            kms_key_id=args.key_arn,
            db_subnet_group_name=subnets.name,
            # Its name is taken as long as it is there; `protect` refuses a replacement, too.
            opts=self._child(
                protect=args.settings.database_operations.protect,
                delete_before_replace=True,
                depends_on=log_groups,
            ),
        )

    def _read_replicas(
        self,
        name: str,
        identifiers: Mapping[str, pulumi.Input[str]],
        common: Mapping[str, Any],
        log_groups: list[pulumi.Resource],
    ) -> list[aws.rds.Instance]:
        replicas_args = ReadReplicasArgs(
            source=self.instance, identifiers=identifiers, inputs=common, waits_for=log_groups
        )
        return ReadReplicas(f"{name}-database", replicas_args, self._child()).instances

    def _readers(self) -> dict[str, pulumi.Input[str]]:
        hosts = [replica.address for replica in self.replicas]
        return {"DATABASE_READER_HOST": pulumi.Output.all(*hosts).apply(",".join)} if hosts else {}

    def _managed_secret_arn(self) -> pulumi.Output[str]:
        return self.instance.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))

    def _application_account(self, name: str, args: DatabaseArgs) -> pulumi.Output[str]:
        """Make the password of the account that the migration makes; see docs/decisions/002."""
        account_args = GeneratedCredentialsArgs(
            username=_APP_USERNAME,
            description="The TODO application's account in its database",
            settings=args.settings.secrets,
            key_arn=args.key_arn,
            server={
                "engine": "mysql",
                "host": self.instance.address,
                "port": DATABASE_PORT,
                "dbname": DATABASE_NAME,
                "ssl": True,
            },
        )
        return GeneratedCredentials(f"{name}-app", account_args, self._child()).secret_arn

    def _host(self, name: str, args: DatabaseArgs) -> pulumi.Output[str]:
        if not args.settings.database_operations.proxy:
            return self.instance.address
        proxy_args = DatabaseProxyArgs(
            region=args.settings.region,
            network=args.network,
            groups=args.groups,
            database_identifier=self.instance.identifier,
            secret_arns=[self.app_secret_arn, self.master_secret_arn],
            key_arn=args.key_arn,
        )
        return DatabaseProxy(f"{name}-database", proxy_args, self._child()).endpoint
