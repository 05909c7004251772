"""Who reaches the application, and how."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from todo_infra.errors import ConfigError

from .rules import CidrList, Text, WholeNumber, YesNo

__all__ = ["LoadBalancer", "contradictions"]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """Who reaches the application, and how.

    Attributes:
        ingress_cidrs: IPv4 networks that may connect to the listener.
        certificate_arn: ACM certificate of the HTTPS listener, for the domain.
        domain: Name under which people open the application. Beside certificateArn, its address
            is yours to set, to the load balancer's.
        hosted_zone_id: Public Route 53 zone that answers for the domain already, in place of
            certificateArn: certificate and address are made there.
        allow_plain_http: Serve over HTTP when there is neither certificate nor domain.
        deletion_protection: Refuse to delete the load balancer and its access logs. False
            deletes the logs together with their bucket.
        access_logs: Keep a line for each request in a bucket.
        access_log_days: Days until such a line is deleted.
        waf: Refuse what AWS's managed rules recognise, and addresses that ask too often.
        waf_log: Log what the firewall refuses or counts, as long as `todo:logs` says.
        rate_limit_per_five_minutes: Requests of one address in any five minutes, with `waf`. An
            open page asks about 60 times; many people may share one address.
    """

    ingress_cidrs: Annotated[tuple[str, ...], CidrList()] = ("0.0.0.0/0",)
    certificate_arn: Annotated[
        str | None,
        Text(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+", "an ACM ARN"),
    ] = None
    # ACM takes 64 characters for the first name of a certificate.
    domain: Annotated[
        str | None,
        Text(
            r"(?=.{4,64}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "a domain name of at most 64 characters such as todo.example.com",
        ),
    ] = None
    hosted_zone_id: Annotated[
        str | None, Text(r"Z[A-Z0-9]{1,31}", "the id of a hosted zone such as Z0123456789ABC")
    ] = None
    allow_plain_http: Annotated[bool, YesNo()] = False
    deletion_protection: Annotated[bool, YesNo()] = True
    access_logs: Annotated[bool, YesNo()] = True
    access_log_days: Annotated[int, WholeNumber(1, 3650)] = 90
    waf: Annotated[bool, YesNo()] = True
    waf_log: Annotated[bool, YesNo()] = True
    rate_limit_per_five_minutes: Annotated[int, WholeNumber(100, 2_000_000)] = 6000

    @property
    def serves_https(self) -> bool:
        """Whether there is, or will be, a certificate."""
        return self.certificate_arn is not None or self.domain is not None


def contradictions(settings: LoadBalancer, key: str) -> Iterator[ConfigError]:
    """Yield what no single value shows.

    Args:
        settings: The section.
        key: The section's full key.
    """
    if not settings.serves_https and not settings.allow_plain_http:
        yield ConfigError(
            f"{key}.certificateArn",
            None,
            "the ARN of an ACM certificate",
            f"Give one, or a {key}.domain with its hostedZoneId to have one made, or set "
            f"{key}.allowPlainHttp to true where traffic may be read on its way.",
        )
    if settings.serves_https and settings.domain is None:
        yield ConfigError(
            f"{key}.domain",
            None,
            "the name that the certificate is for",
            "Give it: under the load balancer's own name, browsers refuse the certificate.",
        )
    if settings.certificate_arn is not None and settings.hosted_zone_id is not None:
        yield ConfigError(
            f"{key}.hostedZoneId",
            settings.hosted_zone_id,
            "nothing beside certificateArn",
            f"Remove {key}.certificateArn to have certificate and address made in that zone, or "
            "set the address yourself.",
        )
    if settings.domain is not None and not settings.certificate_arn and not settings.hosted_zone_id:
        yield ConfigError(
            f"{key}.hostedZoneId",
            None,
            f"the id of the hosted zone that answers for {settings.domain}",
            f"Give it, and certificate and address of {settings.domain} are made there; or give "
            f"{key}.certificateArn.",
        )
    if settings.hosted_zone_id is not None and settings.domain is None:
        yield ConfigError(
            f"{key}.hostedZoneId",
            settings.hosted_zone_id,
            "nothing without domain",
            f"Give {key}.domain too, or remove it.",
        )
