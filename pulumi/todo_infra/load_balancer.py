"""The load balancer: the only way in from outside."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .containers import SERVICE_PORT
from .ordering import known_after

__all__ = ["LoadBalancer", "LoadBalancerArgs", "listener_ports"]

_HTTP = 80
_HTTPS = 443
# TLS 1.3 and 1.2, forward secrecy and a hybrid post-quantum key exchange.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
# Above the time of the longest request; AWS's default of 300 slows every deployment down.
_DEREGISTRATION_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Where it listens and where it sends requests.

    Attributes:
        vpc_id: The network of the targets.
        subnet_ids: Public subnets.
        security_group_id: The only group of the load balancer.
        settings: Certificate and protection, from the stack's config.
    """

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: pulumi.Input[str]
    settings: config.LoadBalancer


def listener_ports(settings: config.LoadBalancer) -> tuple[int, ...]:
    """Return the ports that are open: with a certificate, HTTP only redirects to HTTPS."""
    return (_HTTPS, _HTTP) if settings.certificate_arn else (_HTTP,)


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer, its target group and its listeners.

    Attributes:
        load_balancer: The load balancer itself.
        target_group: Where the tasks register.
        target_group_arn: Known once a listener forwards to the group; ECS refuses it before.
        url: Where people open the application.
    """

    load_balancer: aws.lb.LoadBalancer
    target_group: aws.lb.TargetGroup
    target_group_arn: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:LoadBalancer", name, None, opts)
        self.load_balancer = self._load_balancer(name, args)
        self.target_group = self._target_group(name, args)
        if args.settings.certificate_arn:
            listener = self._https_listener(name, args.settings.certificate_arn)
            self._http_listener(name, _redirect_to_https())
        else:
            listener = self._http_listener(name, self._forward())
        self.target_group_arn = known_after(self.target_group.arn, listener)
        scheme = "https" if args.settings.certificate_arn else "http"
        self.url = pulumi.Output.concat(scheme, "://", self.load_balancer.dns_name)
        self.register_outputs({"url": self.url})

    def _load_balancer(self, name: str, args: LoadBalancerArgs) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            f"{name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnet_ids),
            security_groups=[args.security_group_id],
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=args.settings.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _target_group(self, name: str, args: LoadBalancerArgs) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            f"{name}-tg",
            vpc_id=args.vpc_id,
            target_type="ip",
            port=SERVICE_PORT,
            protocol="HTTP",
            deregistration_delay=_DEREGISTRATION_SECONDS,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path="/readyz",
                matcher="200",
                # A new target serves after its first success; these count for one that failed.
                interval=5,
                timeout=4,
                healthy_threshold=2,
                unhealthy_threshold=2,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _forward(self) -> aws.lb.ListenerDefaultActionArgs:
        return aws.lb.ListenerDefaultActionArgs(
            type="forward", target_group_arn=self.target_group.arn
        )

    def _https_listener(self, name: str, certificate_arn: str) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{name}-https",
            load_balancer_arn=self.load_balancer.arn,
            port=_HTTPS,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=certificate_arn,
            default_actions=[self._forward()],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _http_listener(
        self, name: str, action: aws.lb.ListenerDefaultActionArgs
    ) -> aws.lb.Listener:
        """Make the listener of port 80, under one name, so that a new certificate changes it.

        A second listener for the port would be refused while the first is there.
        """
        return aws.lb.Listener(
            f"{name}-http",
            load_balancer_arn=self.load_balancer.arn,
            port=_HTTP,
            protocol="HTTP",
            default_actions=[action],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _redirect_to_https() -> aws.lb.ListenerDefaultActionArgs:
    return aws.lb.ListenerDefaultActionArgs(
        type="redirect",
        redirect=aws.lb.ListenerDefaultActionRedirectArgs(
            protocol="HTTPS", port=str(_HTTPS), status_code="HTTP_301"
        ),
    )
