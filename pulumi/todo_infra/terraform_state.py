"""The bridge to the existing infrastructure: Terraform's outputs as a typed contract."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi_terraform as terraform

from .config import TerraformState
from .errors import InfrastructureError

__all__ = ["ExistingInfrastructure", "Repository", "parse_outputs", "read"]

_VPC_ID = re.compile(r"vpc-[0-9a-f]{8,}")
_SUBNET_ID = re.compile(r"subnet-[0-9a-f]{8,}")
_REPOSITORY_URL = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<name>[a-z0-9]+([._/-][a-z0-9]+)*)"
)


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The ECR repository of the application's image.

    Attributes:
        url: Host and path, without a tag.
        account: The AWS account that owns it.
        region: The region it is in.
        name: Its name, which is the path of the URL.
    """

    url: str
    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        partition = "aws-us-gov" if self.region.startswith("us-gov-") else partition
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.name}"


@dataclass(frozen=True, kw_only=True)
class ExistingInfrastructure:
    """What Terraform made before this program runs.

    Attributes:
        vpc_id: The network everything lives in.
        public_subnet_ids: For the load balancer; one in each of two zones or more.
        private_subnet_ids: For tasks and database; one in each of two zones or more.
        availability_zones: The zones of the subnets.
        repository: Where the image is pushed.
    """

    vpc_id: str
    public_subnet_ids: tuple[str, ...]
    private_subnet_ids: tuple[str, ...]
    availability_zones: tuple[str, ...]
    repository: Repository


def read(root: Path, settings: TerraformState) -> ExistingInfrastructure:
    """Read the state that the stack's config names.

    It blocks until the answer is there, so that a state that does not fit stops the
    program before any resource is registered.

    Args:
        root: The project's root directory.
        settings: Where the state is.

    Raises:
        InfrastructureError: The state is missing, unreadable, or not what is needed.
    """
    path = root / settings.path
    advice = "Run `terraform apply` in terraform/, or correct todo:terraformState.path."
    if not path.is_file():
        raise InfrastructureError(f"There is no Terraform state at {path}. {advice}")
    try:
        outputs = terraform.state.get_local_reference(path=str(path)).outputs
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise InfrastructureError(
            f"The Terraform state at {path} cannot be read: {reason}. {advice}"
        ) from error
    try:
        return parse_outputs(outputs)
    except InfrastructureError as error:
        raise InfrastructureError(f"The Terraform state at {path} does not fit: {error}") from None


def parse_outputs(outputs: Mapping[str, object]) -> ExistingInfrastructure:
    """Turn Terraform's outputs into the contract.

    Raises:
        InfrastructureError: An output is missing, of another type, or useless here.
    """
    public = _ids(outputs, "public_subnet_ids", _SUBNET_ID)
    private = _ids(outputs, "private_subnet_ids", _SUBNET_ID)
    if shared := sorted(set(public) & set(private)):
        raise InfrastructureError(
            f"{', '.join(shared)} is in both outputs public_subnet_ids and private_subnet_ids; "
            "a subnet is one or the other."
        )
    return ExistingInfrastructure(
        vpc_id=_match(outputs, "vpc_id", _VPC_ID, "vpc-0123456789abcdef0")[0],
        public_subnet_ids=public,
        private_subnet_ids=private,
        availability_zones=_at_least_two(outputs, "availability_zones"),
        repository=_repository(outputs),
    )


def _repository(outputs: Mapping[str, object]) -> Repository:
    example = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/todo"
    found = _match(outputs, "repository_url", _REPOSITORY_URL, example)
    return Repository(
        url=found[0], account=found["account"], region=found["region"], name=found["name"]
    )


def _output(outputs: Mapping[str, object], name: str) -> object:
    if name not in outputs:
        raise InfrastructureError(
            f"output {name} is missing. Add it to terraform/outputs.tf and run `terraform apply`."
        )
    return outputs[name]


def _match(
    outputs: Mapping[str, object], name: str, pattern: re.Pattern[str], example: str
) -> re.Match[str]:
    value = _output(outputs, name)
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InfrastructureError(f"output {name} is {value!r}; it has to look like {example}.")
    return found


def _ids(outputs: Mapping[str, object], name: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    values = _at_least_two(outputs, name)
    for value in values:
        if not pattern.fullmatch(value):
            raise InfrastructureError(
                f"output {name} holds {value!r}; it has to look like subnet-0123456789abcdef0."
            )
    return values


def _at_least_two(outputs: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = _output(outputs, name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InfrastructureError(f"output {name} is {value!r}; it has to be a list of strings.")
    if len(set(value)) < 2:  # noqa: PLR2004 - the number is in the function's name
        raise InfrastructureError(
            f"output {name} is {value!r}; the load balancer and the database need two different "
            "ones at least, to survive the loss of a zone."
        )
    return tuple(value)
