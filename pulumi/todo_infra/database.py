"""The database: RDS for MySQL that talks TLS only."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config, sizes
from .credentials import GeneratedCredentials, GeneratedCredentialsArgs

__all__ = ["DATABASE_PORT", "Database", "DatabaseArgs", "parameter_family"]

_NAME = "todo"
DATABASE_PORT = 3306
_MASTER_USERNAME = "todo_admin"
# Signed with RSA 2048 until 2061; RDS renews the server's certificate under it by itself.
_CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
_STORAGE_GROWTH = 4


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What database it is and where it lives.

    Attributes:
        subnet_ids: Private subnets, in two zones or more.
        security_group_id: The only group of the instance.
        size: The product team's settings.
        operations: The platform team's settings.
    """

    subnet_ids: tuple[str, ...]
    security_group_id: pulumi.Input[str]
    size: config.Database
    operations: config.DatabaseOperations


def parameter_family(engine_version: str) -> str:
    """Return the parameter group family of a MySQL version: 8.4.6 is in mysql8.4."""
    major, minor = engine_version.split(".")[:2]
    return f"mysql{major}.{minor}"


class Database(pulumi.ComponentResource):
    """The instance and what it needs.

    Attributes:
        instance: The RDS instance.
        environment: The variables that tell the application where the database is.
        master_secret_arn: The secret with the master's `username` and `password`.
    """

    instance: aws.rds.Instance
    environment: dict[str, pulumi.Input[str]]
    master_secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Database", name, None, opts)
        subnets = self._subnet_group(name, args)
        parameters = self._parameter_group(name, args)
        master = self._generated_master(name, args)
        self.instance = self._instance(name, args, subnets, parameters, master)
        self.environment = {
            # The name, and not an address: the server's certificate carries it.
            "DATABASE_HOST": self.instance.address,
            "DATABASE_PORT": str(DATABASE_PORT),
            "DATABASE_NAME": _NAME,
        }
        self.master_secret_arn = master.secret_arn if master else self._managed_secret_arn()
        self.register_outputs({"master_secret_arn": self.master_secret_arn})

    def _subnet_group(self, name: str, args: DatabaseArgs) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{name}-database",
            description="Private subnets of the database",
            subnet_ids=list(args.subnet_ids),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _parameter_group(self, name: str, args: DatabaseArgs) -> aws.rds.ParameterGroup:
        """Require TLS of every client, whatever the version's own default is.

        A new MySQL line needs a group of another family. Its name is generated, so the new
        group is there before the instance leaves the old one.
        """
        return aws.rds.ParameterGroup(
            f"{name}-database",
            family=parameter_family(args.operations.engine_version),
            description="TLS 1.2 or newer for every connection",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(name="require_secure_transport", value="1"),
                aws.rds.ParameterGroupParameterArgs(
                    # Read by the server at its start only.
                    name="tls_version",
                    value="TLSv1.2,TLSv1.3",
                    apply_method="pending-reboot",
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _generated_master(self, name: str, args: DatabaseArgs) -> GeneratedCredentials | None:
        if args.operations.managed_master_password:
            return None
        return GeneratedCredentials(
            f"{name}-master",
            GeneratedCredentialsArgs(
                username=_MASTER_USERNAME, description="Master user of the TODO database"
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _instance(
        self,
        name: str,
        args: DatabaseArgs,
        subnets: aws.rds.SubnetGroup,
        parameters: aws.rds.ParameterGroup,
        master: GeneratedCredentials | None,
    ) -> aws.rds.Instance:
        operations = args.operations
        return aws.rds.Instance(
            f"{name}-database",
            # A name of its own for each instance, so that one can replace another.
            identifier_prefix=f"{name}-database-",
            engine="mysql",
            engine_version=operations.engine_version,
            instance_class=sizes.DATABASE_CLASSES[args.size.size],
            db_name=_NAME,
            port=DATABASE_PORT,
            username=_MASTER_USERNAME,
            password=master.password if master else None,
            manage_master_user_password=None if master else True,
            parameter_group_name=parameters.name,
            ca_cert_identifier=_CERTIFICATE_AUTHORITY,
            storage_type="gp3",
            storage_encrypted=True,
            allocated_storage=args.size.storage_gib,
            max_allocated_storage=args.size.storage_gib * _STORAGE_GROWTH,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            multi_az=operations.multi_az,
            backup_retention_period=operations.backup_retention_days,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            deletion_protection=operations.deletion_protection,
            skip_final_snapshot=not operations.final_snapshot,
            # Set from the start, since a missing one is only found out at the end. The subnet
            # group's generated name keeps it apart from the snapshot of an earlier database.
            final_snapshot_identifier=(
                pulumi.Output.concat(subnets.name, "-final") if operations.final_snapshot else None
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _managed_secret_arn(self) -> pulumi.Output[str]:
        return self.instance.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))
