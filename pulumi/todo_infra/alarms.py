"""Alarms that a product team understands, and the topic that carries them to people."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import alarm_table, config
from .alarm import Alarm
from .capacity import CapacityPlan
from .ordering import known_after
from .partitions import partition_of

__all__ = ["Alarms", "AlarmsArgs", "publishers", "topic_policy"]

# AWS's services that send to the topic: alarms, and the budget.
_PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")

Dimensions = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """What is watched before there is a service, and who is told.

    Attributes:
        settings: The stack's config; without `todo:observability.alarms` nothing is made.
        load_balancer_suffix: The last part of the load balancer's ARN, as metrics name it.
        target_group_suffix: The last part of the target group's ARN.
        database_identifier: Of the database.
        replica_identifiers: Of its replicas.
        key_arn: Encrypts the topic, and its policy knows the `publishers`. None leaves the topic
            as it is: AWS's own key for SNS would keep the alarms out.
    """

    settings: config.Settings
    load_balancer_suffix: pulumi.Input[str]
    target_group_suffix: pulumi.Input[str]
    database_identifier: pulumi.Input[str]
    replica_identifiers: tuple[pulumi.Input[str], ...]
    key_arn: pulumi.Input[str] | None


def publishers(settings: config.Settings) -> tuple[str, ...]:
    """Return which services of AWS send to the stack's topic, and need the topic's key."""
    return _PUBLISHERS if settings.observability.alarms else ()


def topic_policy(topic_arn: str, account: str, region: str) -> dict[str, Any]:
    """Let alarms of this account and region, and budgets of this account, send; nobody else.

    Without a statement for the account itself, its own users publish as IAM allows them.
    """
    partition = partition_of(region)
    sources = {
        "cloudwatch.amazonaws.com": f"arn:{partition}:cloudwatch:{region}:{account}:alarm:*",
        "budgets.amazonaws.com": f"arn:{partition}:budgets::{account}:*",
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": service.partition(".")[0].title(),
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnLike": {"aws:SourceArn": sources[service]},
                },
            }
            for service in _PUBLISHERS
        ],
    }


class Alarms(pulumi.ComponentResource):
    """The alarms and their topic, or none.

    Attributes:
        topic_arn: Where alarms and the budget go, known once they may; None without alarms.
        rollback_names: Names of the alarms that take a deployment back.
    """

    topic_arn: pulumi.Output[str] | None
    rollback_names: tuple[pulumi.Output[str], ...]

    def __init__(
        self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Alarms", name, None, opts)
        self._name, self._args = name, args
        self.topic_arn, self.rollback_names = None, ()
        if args.settings.observability.alarms:
            self.topic_arn = self._topic()
            self._watch_database()
            self.rollback_names = self._watch(alarm_table.balancer_alarms(), self._balancer())
        self.register_outputs({})

    def watch_service(
        self,
        plan: CapacityPlan,
        *,
        cluster_name: pulumi.Input[str],
        service_name: pulumi.Input[str],
        rotation_function: str | None,
    ) -> None:
        """Watch what is only there after the first alarms, which the service is given.

        Args:
            plan: How far the service scales.
            cluster_name: The cluster of the service.
            service_name: The service.
            rotation_function: Changes the application's password; None where nothing does.
        """
        service = {"ClusterName": cluster_name, "ServiceName": service_name}
        subjects = {**self._balancer(), "service": service}
        self._watch(alarm_table.service_alarms(plan), subjects)
        if rotation_function is not None:
            rotation = {"rotation": {"FunctionName": rotation_function}}
            self._watch(alarm_table.rotation_alarms(), rotation)

    def _balancer(self) -> dict[str, Dimensions]:
        balancer = {"LoadBalancer": self._args.load_balancer_suffix}
        targets = {**balancer, "TargetGroup": self._args.target_group_suffix}
        return {"load_balancer": balancer, "targets": targets}

    def _watch_database(self) -> None:
        alarms = alarm_table.database_alarms(self._args.settings)
        self._watch(alarms, {"database": {"DBInstanceIdentifier": self._args.database_identifier}})
        for number, identifier in enumerate(self._args.replica_identifiers, start=1):
            server = {"DBInstanceIdentifier": identifier}
            of_replicas = (*alarms, *alarm_table.replica_alarms())
            subjects = {"database": server, "replica": server}
            self._watch(of_replicas, subjects, suffix=f"-{number}")

    def _topic(self) -> pulumi.Output[str]:
        """Make the topic; return its ARN, known once its policy lets alarms in."""
        opts, settings = pulumi.ResourceOptions(parent=self), self._args.settings
        topic = aws.sns.Topic(
            f"{self._name}-alarms",
            display_name=f"{self._name} alarms",
            kms_master_key_id=self._args.key_arn,
            opts=opts,
        )
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        policy = aws.sns.TopicPolicy(
            f"{self._name}-alarms",
            arn=topic.arn,
            policy=pulumi.Output.all(topic.arn, account.account_id).apply(
                lambda known: json.dumps(topic_policy(known[0], known[1], settings.region))
            ),
            opts=opts,
        )
        for email in settings.observability.alarm_emails:
            aws.sns.TopicSubscription(
                f"{self._name}-{email}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=opts,
            )
        return known_after(topic.arn, policy)

    def _watch(
        self, alarms: Iterable[Alarm], subjects: Mapping[str, Dimensions], *, suffix: str = ""
    ) -> tuple[pulumi.Output[str], ...]:
        """Make the alarms; return the names of those that take a deployment back."""
        if self.topic_arn is None:
            return ()
        made = [
            (
                alarm,
                aws.cloudwatch.MetricAlarm(
                    f"{self._name}-{alarm.name}{suffix}",
                    **_inputs(alarm, subjects[alarm.subject]),
                    alarm_actions=[self.topic_arn],
                    ok_actions=[self.topic_arn],
                    opts=pulumi.ResourceOptions(parent=self),
                ),
            )
            for alarm in alarms
        ]
        return tuple(resource.name for alarm, resource in made if alarm.rolls_back)


def _inputs(alarm: Alarm, dimensions: Dimensions) -> dict[str, Any]:
    return {
        "alarm_description": alarm.description,
        "comparison_operator": alarm.comparison,
        "threshold": alarm.threshold,
        "evaluation_periods": alarm.periods,
        "datapoints_to_alarm": alarm.breaching,
        "treat_missing_data": alarm.missing,
        **(_single(alarm, dimensions) if alarm.expression is None else _math(alarm, dimensions)),
    }


def _single(alarm: Alarm, dimensions: Dimensions) -> dict[str, Any]:
    (metric,) = alarm.metrics.values()
    # CloudWatch has two places for it, and a rule for what goes where.
    percentile = metric.statistic.startswith("p")
    how = {"extended_statistic" if percentile else "statistic": metric.statistic}
    # A percentile of few requests is one of them.
    few = {"evaluate_low_sample_count_percentiles": "ignore"} if percentile else {}
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": dict(dimensions),
        "period": alarm.period,
        **how,
        **few,
    }


def _math(alarm: Alarm, dimensions: Dimensions) -> dict[str, Any]:
    query = aws.cloudwatch.MetricAlarmMetricQueryArgs
    measured = [
        query(
            id=key,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=dict(dimensions),
                period=alarm.period,
                stat=metric.statistic,
            ),
        )
        for key, metric in alarm.metrics.items()
    ]
    compared = query(id="compared", expression=alarm.expression, label=alarm.name, return_data=True)
    return {"metric_queries": [*measured, compared]}
