"""A certificate for the application's domain, proven in DNS and renewed by AWS."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .errors import InfrastructureError

__all__ = ["Certificate", "CertificateArgs", "verify_zone"]

_TTL_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """For which name, and where it is proven.

    Attributes:
        domain: The name.
        hosted_zone_id: The public zone that answers for it.
    """

    domain: str
    hosted_zone_id: str


class Certificate(pulumi.ComponentResource):
    """The certificate and its proof: a record in the domain's zone, there for renewals too.

    Attributes:
        arn: Known once the certificate is issued.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Certificate", name, None, opts)
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain,
            validation_method="DNS",
            opts=pulumi.ResourceOptions(parent=self),
        )
        proof = self._proof(name, args, certificate)
        issued = aws.acm.CertificateValidation(
            f"{name}-certificate",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[proof.fqdn],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})

    def _proof(
        self, name: str, args: CertificateArgs, certificate: aws.acm.Certificate
    ) -> aws.route53.Record:
        option = certificate.domain_validation_options[0]
        return aws.route53.Record(
            f"{name}-certificate",
            zone_id=args.hosted_zone_id,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=_TTL_SECONDS,
            # An account's certificates for one name share their record.
            allow_overwrite=True,
            opts=pulumi.ResourceOptions(parent=self),
        )


def verify_zone(settings: config.LoadBalancer) -> None:
    """Refuse a zone where AWS would look for the proof for over an hour, and in vain.

    Raises:
        InfrastructureError: The zone is private, or another name's.
    """
    if settings.domain is None or settings.hosted_zone_id is None:
        return
    zone = aws.route53.get_zone(zone_id=settings.hosted_zone_id)
    name = zone.name.rstrip(".")
    if zone.private_zone:
        raise InfrastructureError(
            f"hosted zone {settings.hosted_zone_id} ({name}) is private, and a certificate's "
            "domain is proven in a public one. Set todo:loadBalancer.hostedZoneId to that."
        )
    if settings.domain != name and not settings.domain.endswith(f".{name}"):
        raise InfrastructureError(
            f"hosted zone {settings.hosted_zone_id} is {name}, which {settings.domain} is not in. "
            "Set todo:loadBalancer.hostedZoneId to the zone of the domain."
        )
