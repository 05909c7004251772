"""How many tasks run: as many as the traffic asks for, within the team's limits."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .capacity import CapacityPlan

__all__ = ["Autoscaling", "AutoscalingArgs"]

# Out at once, in without haste: an early scale-in costs a second scale-out.
#
# Of AWS's side, three metrics a minute apart decide, and that cannot be tuned. Since June 2026 CPU
# use also comes every 20 seconds, as ECSServiceAverageCPUUtilizationHighResolution, and decides in
# a quarter of the time; but only of a service whose `monitoring` says so, a field that neither
# pulumi-aws 7.51 nor Terraform's provider has (November 2026). Take it as soon as they do.
_SCALE_OUT_COOLDOWN_SECONDS = 30
_SCALE_IN_COOLDOWN_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class AutoscalingArgs:
    """What is scaled, by what, and how far.

    Attributes:
        cluster_name: The cluster of the service.
        service_name: The service.
        load_balancer_suffix: The last part of the load balancer's ARN, as metrics name it.
        target_group_suffix: The last part of the target group's ARN.
        plan: How far, by what, and when further.
    """

    cluster_name: pulumi.Input[str]
    service_name: pulumi.Input[str]
    load_balancer_suffix: pulumi.Input[str]
    target_group_suffix: pulumi.Input[str]
    plan: CapacityPlan


def _summary(plan: CapacityPlan) -> dict[str, Any]:
    costs = {"monthlyCostUsd": plan.cost, "ceilingMonthlyCostUsd": plan.ceiling_cost}
    return {
        "minTasks": plan.floor_tasks,
        "maxTasks": plan.max_tasks,
        "peakRequestsPerSecond": plan.peak_requests_per_second,
        # Absent where prices are not known: a guess would be a wrong figure.
        **{key: cost.usd for key, cost in costs.items() if cost},
    }


class Autoscaling(pulumi.ComponentResource):
    """Three target-tracking policies, of which the one that asks for most wins, and events.

    Fewer tasks run only when all three agree, and never fewer than an event asks for.
    """

    def __init__(
        self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # Inputs of the component are what policies see of the plan, in a preview as well.
        super().__init__("todo:index:Autoscaling", name, _summary(args.plan), opts)
        for warning in args.plan.warnings:
            pulumi.warn(warning, self)
        for action in args.plan.actions:
            pulumi.info(action, self)
        target = self._target(name, args)
        self._request_policy(name, args, target)
        self._use_policies(name, args, target)
        self._events(name, args, target)
        self.register_outputs({})

    def _target(self, name: str, args: AutoscalingArgs) -> aws.appautoscaling.Target:
        return aws.appautoscaling.Target(
            f"{name}-tasks",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.cluster_name, "/", args.service_name),
            min_capacity=args.plan.min_tasks,
            max_capacity=args.plan.max_tasks,
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
            value=args.plan.requests_per_task_per_minute,
            label=pulumi.Output.concat(args.load_balancer_suffix, "/", args.target_group_suffix),
        )

    def _use_policies(
        self, name: str, args: AutoscalingArgs, target: aws.appautoscaling.Target
    ) -> None:
        """Catch what requests do not show: expensive ones, or a target set too high."""
        for what, metric, value in (
            ("cpu", "ECSServiceAverageCPUUtilization", args.plan.cpu_percent),
            ("memory", "ECSServiceAverageMemoryUtilization", args.plan.memory_percent),
        ):
            self._policy(f"{name}-{what}", target, metric=metric, value=value)

    def _events(self, name: str, args: AutoscalingArgs, target: aws.appautoscaling.Target) -> None:
        """Raise and lower the floor, once each; the traffic decides about what is above it."""
        for change in args.plan.changes:
            aws.appautoscaling.ScheduledAction(
                f"{name}-{change.name}",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                schedule=f"at({change.at:%Y-%m-%dT%H:%M:%S})",
                timezone="UTC",
                scalable_target_action=aws.appautoscaling.ScheduledActionScalableTargetActionArgs(
                    min_capacity=change.min_tasks
                ),
                opts=pulumi.ResourceOptions(parent=self),
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
