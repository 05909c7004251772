"""The load balancer: the only way in from outside."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .access_logs import AccessLogs, AccessLogsArgs
from .capacity import CapacityPlan
from .certificate import Certificate, CertificateArgs
from .containers import SERVICE_PORT
from .firewall import Firewall, FirewallArgs
from .ordering import known_after
from .ports import HTTP_PORT, HTTPS_PORT
from .security_groups import SecurityGroups
from .terraform_outputs import ExistingInfrastructure

__all__ = ["LoadBalancer", "LoadBalancerArgs"]

# TLS 1.3 and 1.2, forward secrecy and a hybrid post-quantum key exchange.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
# Above the time of the longest request; AWS's default of 300 slows every deployment down.
_DEREGISTRATION_SECONDS = 15
# Below the 75 s for which the application keeps an idle connection: the balancer has to close it
# first, else it sends a request into one that is just closing.
_IDLE_SECONDS = 60
# Long enough for a visit, and short enough for clients to find nodes that the balancer adds.
_CLIENT_CONNECTION_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Where it listens and where it sends requests.

    Attributes:
        settings: The stack's config: certificate, protection and logs.
        plan: What it has to be ready for.
        network: Where load balancer and targets are.
        groups: Of them, the load balancer has its own only.
        key_arn: Encrypts the firewall's log; None where CloudWatch's own key does.
    """

    settings: config.Settings
    plan: CapacityPlan
    network: ExistingInfrastructure
    groups: SecurityGroups
    key_arn: pulumi.Input[str] | None = None


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer, its target group, its listeners and what guards them.

    Attributes:
        load_balancer: The load balancer itself.
        target_group: Where the tasks register.
        target_group_arn: Known once a listener forwards to the group; ECS refuses it before.
        url: Where people open the application.
        environment: The variables that tell the application what stands before it.
        firewall: The firewall; None where the stack has none.
    """

    load_balancer: aws.lb.LoadBalancer
    target_group: aws.lb.TargetGroup
    target_group_arn: pulumi.Output[str]
    url: pulumi.Output[str]
    environment: dict[str, pulumi.Input[str]]
    firewall: Firewall | None

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:LoadBalancer", name, None, opts)
        certificate_arn = self._certificate_arn(name, args.settings.load_balancer)
        self.load_balancer = self._load_balancer(name, args)
        self.target_group = self._target_group(name, args)
        listener = self._listener(name, certificate_arn)
        self.firewall = self._firewall(name, args)
        self.target_group_arn = known_after(self.target_group.arn, listener)
        self.url = self._url(name, args.settings.load_balancer)
        # The last address in X-Forwarded-For is the load balancer's word; the rest is a claim.
        self.environment = {"FORWARDED_HOPS": "1"}
        self.register_outputs({"url": self.url})

    def _certificate_arn(
        self, name: str, settings: config.LoadBalancer
    ) -> pulumi.Input[str] | None:
        if settings.domain is None or settings.hosted_zone_id is None:
            return settings.certificate_arn
        args = CertificateArgs(domain=settings.domain, hosted_zone_id=settings.hosted_zone_id)
        return Certificate(name, args, pulumi.ResourceOptions(parent=self)).arn

    def _load_balancer(self, name: str, args: LoadBalancerArgs) -> aws.lb.LoadBalancer:
        settings = args.settings.load_balancer
        return aws.lb.LoadBalancer(
            f"{name}-alb",
            load_balancer_type="application",
            internal=False,
            ip_address_type="ipv4",
            subnets=list(args.network.public_subnet_ids),
            security_groups=[args.groups.load_balancer_id],
            enable_http2=True,
            idle_timeout=_IDLE_SECONDS,
            client_keep_alive=_CLIENT_CONNECTION_SECONDS,
            minimum_load_balancer_capacity=_reservation(args.plan.reserved_units),
            # What two servers could read in two ways is refused or cleaned.
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            # The application learns who asks, and under which name.
            xff_header_processing_mode="append",
            preserve_host_header=True,
            # Without its firewall the application answers nobody.
            enable_waf_fail_open=False,
            enable_deletion_protection=settings.deletion_protection,
            access_logs=self._access_logs(name, settings),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _access_logs(
        self, name: str, settings: config.LoadBalancer
    ) -> aws.lb.LoadBalancerAccessLogsArgs | None:
        if not settings.access_logs:
            return None
        args = AccessLogsArgs(days=settings.access_log_days, protect=settings.deletion_protection)
        logs = AccessLogs(name, args, pulumi.ResourceOptions(parent=self))
        return aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.bucket, enabled=True)

    def _firewall(self, name: str, args: LoadBalancerArgs) -> Firewall | None:
        settings = args.settings.load_balancer
        if not settings.waf:
            return None
        firewall_args = FirewallArgs(
            load_balancer_arn=self.load_balancer.arn,
            rate_limit=settings.rate_limit_per_five_minutes,
            log_days=args.settings.logs.retention_days if settings.waf_log else None,
            key_arn=args.key_arn,
        )
        return Firewall(name, firewall_args, pulumi.ResourceOptions(parent=self))

    def _target_group(self, name: str, args: LoadBalancerArgs) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            f"{name}-tg",
            vpc_id=args.network.vpc_id,
            target_type="ip",
            port=SERVICE_PORT,
            protocol="HTTP",
            deregistration_delay=_DEREGISTRATION_SECONDS,
            # A task that is slow for any reason gets less; all are served by few connections.
            load_balancing_algorithm_type="least_outstanding_requests",
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

    def _listener(self, name: str, certificate_arn: pulumi.Input[str] | None) -> aws.lb.Listener:
        """Make the listeners, and return the one that forwards to the tasks."""
        forward = aws.lb.ListenerDefaultActionArgs(
            type="forward", target_group_arn=self.target_group.arn
        )
        if certificate_arn is None:
            return self._http_listener(name, forward)
        self._http_listener(name, _redirect_to_https())
        return aws.lb.Listener(
            f"{name}-https",
            load_balancer_arn=self.load_balancer.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=certificate_arn,
            default_actions=[forward],
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
            port=HTTP_PORT,
            protocol="HTTP",
            default_actions=[action],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _url(self, name: str, settings: config.LoadBalancer) -> pulumi.Output[str]:
        scheme = "https" if settings.serves_https else "http"
        if settings.domain is None:
            return pulumi.Output.concat(scheme, "://", self.load_balancer.dns_name)
        if settings.hosted_zone_id is None:
            return pulumi.Output.from_input(f"{scheme}://{settings.domain}")
        address = aws.route53.Record(
            f"{name}-address",
            zone_id=settings.hosted_zone_id,
            name=settings.domain,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=self.load_balancer.dns_name,
                    zone_id=self.load_balancer.zone_id,
                    evaluate_target_health=True,
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.concat(scheme, "://", address.name)


def _redirect_to_https() -> aws.lb.ListenerDefaultActionArgs:
    return aws.lb.ListenerDefaultActionArgs(
        type="redirect",
        redirect=aws.lb.ListenerDefaultActionRedirectArgs(
            protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
        ),
    )


def _reservation(units: int) -> aws.lb.LoadBalancerMinimumLoadBalancerCapacityArgs | None:
    """Have capacity there before a crowd comes; without one, it follows the traffic."""
    if not units:
        return None
    return aws.lb.LoadBalancerMinimumLoadBalancerCapacityArgs(capacity_units=units)
