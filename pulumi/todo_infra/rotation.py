"""A new password for the application's account every few weeks, set by AWS's own function."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .database_client import DatabaseClient, DatabaseClientArgs
from .partitions import dns_suffix, partition_of
from .security_groups import SecurityGroups
from .terraform_state import ExistingInfrastructure

__all__ = ["PasswordRotation", "PasswordRotationArgs"]


@dataclass(frozen=True, kw_only=True)
class _Published:
    """Where AWS publishes its functions, and the version that is taken."""

    repository: str
    version: str


# Each changes the password of the account that is in the secret itself.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_available-rotation-templates.html
_NAME = "SecretsManagerRDSMySQLRotationSingleUser"
_PUBLISHED: Mapping[str, _Published] = {
    "aws": _Published(repository="us-east-1:297356227824", version="1.1.671"),
    "aws-cn": _Published(repository="cn-north-1:193023089310", version="1.1.440"),
    "aws-us-gov": _Published(repository="us-gov-west-1:023102451235", version="1.1.384"),
}
# What RDS refuses, and what quoting would be needed for somewhere.
_EXCLUDED = " /@\"'\\`"


@dataclass(frozen=True, kw_only=True)
class PasswordRotationArgs:
    """Which password, how often, and from where.

    Attributes:
        settings: The stack's config; without `todo:secrets.rotationDays` nothing is made.
        network: Its private subnets are where the function runs.
        groups: Of the database.
        secret_arn: The secret of the account.
        key_arn: Encrypts the secret; None where AWS's own key does.
        after: The service, whose migration makes the account: with the schedule, AWS tries the
            function at once.
    """

    settings: config.Settings
    network: ExistingInfrastructure
    groups: SecurityGroups
    secret_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str] | None
    after: pulumi.Resource


class PasswordRotation(pulumi.ComponentResource):
    """The function, its place in the network, and when it runs.

    Attributes:
        function_name: Of the function whose errors are failed rotations; None without one.
    """

    function_name: str | None

    def __init__(
        self, name: str, args: PasswordRotationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:PasswordRotation", name, None, opts)
        self.function_name = f"{name}-rotation" if args.settings.secrets.rotation_days else None
        if self.function_name:
            function = self._function(self.function_name, args)
            self._schedule(f"{name}-rotation", args, function)
        self.register_outputs({})

    def _function(
        self, name: str, args: PasswordRotationArgs
    ) -> aws.serverlessrepository.CloudFormationStack:
        group_args = DatabaseClientArgs(
            vpc_id=args.network.vpc_id,
            description="Rotation of the application's password",
            database_security_group_id=args.groups.database_id,
            reaches_aws=args.groups.endpoints,
        )
        group = DatabaseClient(name, group_args, pulumi.ResourceOptions(parent=self))
        region = args.settings.region
        partition = partition_of(region)
        published = _PUBLISHED[partition]
        parameters: dict[str, pulumi.Input[str]] = {
            "functionName": name,
            "endpoint": f"https://secretsmanager.{region}.{dns_suffix(region)}",
            "vpcSubnetIds": ",".join(args.network.private_subnet_ids),
            "vpcSecurityGroupIds": group.security_group_id,
            "excludeCharacters": _EXCLUDED,
        }
        if args.key_arn is not None:
            parameters["kmsKeyArn"] = args.key_arn
        return aws.serverlessrepository.CloudFormationStack(
            name,
            name=name,
            application_id=f"arn:{partition}:serverlessrepo:{published.repository}:applications/{_NAME}",
            semantic_version=published.version,
            capabilities=["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"],
            parameters=parameters,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _schedule(
        self,
        name: str,
        args: PasswordRotationArgs,
        function: aws.serverlessrepository.CloudFormationStack,
    ) -> None:
        aws.secretsmanager.SecretRotation(
            name,
            secret_id=args.secret_arn,
            rotation_lambda_arn=function.outputs["RotationLambdaARN"],
            rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(
                automatically_after_days=args.settings.secrets.rotation_days
            ),
            # The first one is due after the period: a deployment is no time for it.
            rotate_immediately=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.after]),
        )
