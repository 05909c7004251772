"""What Terraform's outputs have to be for this program: a typed contract, in pure functions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import InfrastructureError, one_or_list
from .terraform_paths import MisfitError, StateOutputs

__all__ = ["ExistingInfrastructure", "Repository", "parse_outputs"]

_VPC_ID = re.compile(r"vpc-[0-9a-f]{8,17}")
_SUBNET_ID = re.compile(r"subnet-[0-9a-f]{8,17}")
_ZONE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d([a-z]|-[a-z0-9-]+)")  # the last: local zones
_REPOSITORY_URL = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<name>[a-z0-9]+([._/-][a-z0-9]+)*)"
)
_FEWEST_ZONES = 2


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


def parse_outputs(
    outputs: StateOutputs, region: str, *, zones_are_looked_up: bool = False
) -> ExistingInfrastructure:
    """Turn Terraform's outputs into the contract.

    Args:
        outputs: What the state holds.
        region: The stack's region.
        zones_are_looked_up: Whether the state may leave out availability_zones.

    Raises:
        InfrastructureError: With every output that is missing, of another type, or useless here.
    """
    if not outputs.values:
        raise InfrastructureError(
            "it has no outputs. Add those of terraform/outputs.tf and run `terraform apply`; or "
            "name the state that has them in todo:terraformState."
        )
    reader = _Reader(outputs)
    existing = ExistingInfrastructure(
        vpc_id=reader.match("vpc_id", _VPC_ID, "vpc-0123456789abcdef0"),
        public_subnet_ids=reader.subnets("public_subnet_ids"),
        private_subnet_ids=reader.subnets("private_subnet_ids"),
        availability_zones=reader.zones(optional=zones_are_looked_up),
        repository=reader.repository(),
    )
    # Only once each output is right by itself: what stands for a refused one would mislead.
    if problems := reader.problems or list(_inconsistencies(existing, region)):
        raise InfrastructureError(one_or_list(problems))
    return existing


def _inconsistencies(existing: ExistingInfrastructure, region: str) -> Iterator[str]:
    """Yield what no single output shows."""
    public, private = set(existing.public_subnet_ids), set(existing.private_subnet_ids)
    zones = existing.availability_zones
    if shared := sorted(public & private):
        yield (
            f"{', '.join(shared)} is in both outputs public_subnet_ids and private_subnet_ids; "
            "a subnet is one or the other."
        )
    for name, subnets in (("public_subnet_ids", public), ("private_subnet_ids", private)):
        if len(subnets) < len(zones):
            yield (
                f"output {name} has {len(subnets)} subnets for {len(zones)} zones "
                f"({', '.join(zones)}); every zone of availability_zones needs one."
            )
    if strange := [zone for zone in zones if not zone.startswith(region)]:
        yield (
            f"output availability_zones holds {strange[0]}, which is not in {region}. Set "
            "aws:region to the network's region, or read the state of another network."
        )
    if existing.repository.region != region:
        yield (
            f"output repository_url is in {existing.repository.region}, and this stack in "
            f"{region}. Set aws:region to the repository's region, or replicate the repository "
            "and give the URL of the replica."
        )


class _Reader:
    """Reads one output after the other, and keeps what is wrong with them."""

    def __init__(self, outputs: StateOutputs) -> None:
        self._outputs = outputs
        self.problems: list[str] = []

    def match(self, name: str, pattern: re.Pattern[str], example: str) -> str:
        """Return a text of a given form; an empty one when the output is none."""
        try:
            value = self._outputs.find(name)
        except MisfitError as misfit:
            self.problems.append(str(misfit))
            return ""
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self._refuse(name, value, f"it has to look like {example}")
        return ""

    def subnets(self, name: str) -> tuple[str, ...]:
        """Return two subnets or more; nothing when the output is useless."""
        return self._texts(name, _SUBNET_ID, "subnet-0123456789abcdef0")

    def zones(self, *, optional: bool) -> tuple[str, ...]:
        """Return two zones or more; nothing when the output is useless, or need not be there."""
        name = "availability_zones"
        if optional and name not in self._outputs.paths and name not in self._outputs.values:
            return ()
        return self._texts(name, _ZONE, "eu-west-1a")

    def repository(self) -> Repository:
        """Return the image's repository, taken to pieces."""
        example = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/todo"
        url = self.match("repository_url", _REPOSITORY_URL, example)
        found = _REPOSITORY_URL.fullmatch(url)
        return Repository(url=url, **(found.groupdict() if found else _NOWHERE))

    def _texts(self, name: str, pattern: re.Pattern[str], example: str) -> tuple[str, ...]:
        try:
            value = self._outputs.find(name)
        except MisfitError as misfit:
            self.problems.append(str(misfit))
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(name, value, "it has to be a list of strings")
            return ()
        if strange := [item for item in value if not pattern.fullmatch(item)]:
            self._refuse(name, strange[0], f"it has to look like {example}", verb="holds")
            return ()
        different = tuple(dict.fromkeys(value))
        if len(different) < _FEWEST_ZONES:
            need = (
                "the load balancer and the database need two different ones at least, to survive "
                "the loss of a zone"
            )
            self._refuse(name, value, need)
            return ()
        return different

    def _refuse(self, name: str, value: object, need: str, verb: str = "is") -> None:
        shown = self._outputs.quote(name, value)
        self.problems.append(f"{self._outputs.label(name)} {verb} {shown}; {need}.")


_NOWHERE = {"account": "", "region": "", "name": ""}
