"""Who reaches the application, and how."""

from dataclasses import dataclass
from typing import Annotated

from .rules import CidrList, Text, YesNo

__all__ = ["LoadBalancer"]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """Who reaches the application, and how.

    Attributes:
        ingress_cidrs: IPv4 networks that may connect to the listener.
        certificate_arn: ACM certificate of the HTTPS listener.
        allow_plain_http: Serve over HTTP when there is no certificate.
        deletion_protection: Refuse to delete the load balancer.
    """

    ingress_cidrs: Annotated[tuple[str, ...], CidrList()] = ("0.0.0.0/0",)
    certificate_arn: Annotated[
        str | None,
        Text(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+", "an ACM ARN"),
    ] = None
    allow_plain_http: Annotated[bool, YesNo()] = False
    deletion_protection: Annotated[bool, YesNo()] = True
