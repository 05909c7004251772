"""How many tasks run: as many as the traffic asks for, within the team's limits."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config

__all__ = ["Autoscaling", "AutoscalingArgs"]

# Leaves room for what arrives while new tasks start.
_CPU_TARGET_PERCENT = 60
# Out at once, in without haste: an early scale-in costs a second scale-out.
_SCALE_OUT_COOLDOWN_SECONDS = 30
_SCALE_IN_COOLDOWN_SECONDS = 300
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class AutoscalingArgs:
    """What is scaled, by what, and how far.

    Attributes:
        cluster_name: The cluster of the service.
        service_name: The service.
        load_balancer_suffix: The last part of the load balancer's ARN, as metrics name it.
        target_group_suffix: The last part of the target group's ARN.
        capacity: The product team's settings.
    """

    cluster_name: pulumi.Input[str]
    service_name: pulumi.Input[str]
    load_balancer_suffix: pulumi.Input[str]
    target_group_suffix: pulumi.Input[str]
    capacity: config.Capacity


class Autoscaling(pulumi.ComponentResource):
    """Two target-tracking policies; the one that asks for more tasks wins."""

    def __init__(
        self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Autoscaling", name, None, opts)
        target = self._target(name, args)
        self._request_policy(name, args, target)
        self._cpu_policy(name, target)
        self.register_outputs({})

    def _target(self, name: str, args: AutoscalingArgs) -> aws.appautoscaling.Target:
        return aws.appautoscaling.Target(
            f"{name}-tasks",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.cluster_name, "/", args.service_name),
            min_capacity=args.capacity.min_tasks,
            max_capacity=args.capacity.max_tasks,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _request_policy(
        self, name: str, args: AutoscalingArgs, target: aws.appautoscaling.Target
    ) -> None:
        """Keep each task at its share of requests; the metric counts them by the minute."""
        self._policy(
            f"{name}-requests",
            target,
            metric="ALBRequestCountPerTarget",
            value=args.capacity.requests_per_task_per_second * _SECONDS_PER_MINUTE,
            label=pulumi.Output.concat(args.load_balancer_suffix, "/", args.target_group_suffix),
        )

    def _cpu_policy(self, name: str, target: aws.appautoscaling.Target) -> None:
        """Catch what requests do not show: expensive ones, or a target set too high."""
        self._policy(
            f"{name}-cpu",
            target,
            metric="ECSServiceAverageCPUUtilization",
            value=_CPU_TARGET_PERCENT,
        )

    def _policy(
        self,
        name: str,
        target: aws.appautoscaling.Target,
        *,
        metric: str,
        value: int,
        label: pulumi.Output[str] | None = None,
    ) -> None:
        aws.appautoscaling.Policy(
            name,
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type=metric, resource_label=label
                ),
                target_value=value,
                scale_out_cooldown=_SCALE_OUT_COOLDOWN_SECONDS,
                scale_in_cooldown=_SCALE_IN_COOLDOWN_SECONDS,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
