"""The database: RDS for MySQL that talks TLS only, with its accounts, replicas and proxy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config, mysql_support
from .database_inputs import Generation, generations, shared_inputs
from .database_monitoring import DatabaseMonitoring, DatabaseMonitoringArgs
from .database_parameters import parameter_family, server_parameters
from .database_replicas import replica_identifiers
from .database_server import DatabaseServer, DatabaseServerArgs
from .rotation import PasswordRotation, PasswordRotationArgs
from .security_groups import SecurityGroups
from .terraform_state import ExistingInfrastructure

__all__ = ["Database", "DatabaseArgs"]


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
    """The server that the application uses, and a second one while a restore is under way.

    Attributes:
        instance: The RDS instance that takes the writes.
        replicas: The instances that take reads only.
        environment: The variables that tell the application where the database is.
        app_secret_arn: The secret with the application's own `username` and `password`.
        master_secret_arn: The secret with the master's.
        spare: The server that is not used; None without a restore.
    """

    instance: aws.rds.Instance
    replicas: list[aws.rds.Instance]
    environment: dict[str, pulumi.Input[str]]
    app_secret_arn: pulumi.Output[str]
    master_secret_arn: pulumi.Output[str]
    spare: DatabaseServer | None

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Database", name, None, opts)
        self._name, self._args = name, args
        self._warn_of_the_end_of_support(args)
        used, self.spare = self._servers(name, args)
        self.instance, self.replicas = used.instance, used.replicas
        self.app_secret_arn = used.app_secret_arn
        self.master_secret_arn = used.master_secret_arn
        self.environment = used.environment
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

    def _servers(
        self, name: str, args: DatabaseArgs
    ) -> tuple[DatabaseServer, DatabaseServer | None]:
        """Make the servers; return the one that is used, and the other."""
        operations = args.settings.database_operations
        # The subnet group's generated end keeps an identifier apart from that of an earlier
        # database of the stack, and is known before the instance is.
        subnets = self._subnet_group(name, args)
        kept, restored = generations(operations)
        monitoring = self._monitoring(name, args, subnets, [one for one in (kept, restored) if one])
        shared = shared_inputs(
            args.settings,
            parameter_group_name=self._parameter_group(name, args).name,
            security_group_id=args.groups.database_id,
        )
        server_args = DatabaseServerArgs(
            settings=args.settings,
            network=args.network,
            groups=args.groups,
            key_arn=args.key_arn,
            subnet_group_name=subnets.name,
            inputs={**shared, **monitoring.inputs},
            waits_for=monitoring.log_groups,
        )
        first = DatabaseServer(name, server_args, self, kept)
        if restored is None:
            return first, None
        second = DatabaseServer(name, server_args, self, restored, first)
        serves = operations.restore is not None and operations.restore.serve
        return (second, first) if serves else (first, second)

    def _monitoring(
        self,
        name: str,
        args: DatabaseArgs,
        subnets: aws.rds.SubnetGroup,
        servers: list[Generation],
    ) -> DatabaseMonitoring:
        identifiers: dict[str, pulumi.Input[str]] = {}
        for server in servers:
            identifier, start = server.identifier(subnets.name), server.end.removeprefix("-")
            copies = replica_identifiers(identifier, args.settings.database.read_replicas)
            named: Mapping[str, pulumi.Input[str]] = {"writer": identifier, **copies}
            identifiers |= {f"{start}-{end}" if start else end: of for end, of in named.items()}
        monitoring_args = DatabaseMonitoringArgs(
            settings=args.settings, identifiers=identifiers, key_arn=args.key_arn
        )
        return DatabaseMonitoring(f"{name}-database", monitoring_args, self._child())

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
