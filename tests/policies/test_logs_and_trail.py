from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_policy import PolicyResource

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import log_destinations, logs_and_trail
from todo_policies.log_destinations import LOG_DESTINATION_KEPT
from todo_policies.logs_and_trail import (
    FLOW_LOG_COMPLETE,
    LOG_GROUP_KEPT,
    NETWORK_LOGGED,
    TRAIL_COMPLETE,
    TRAIL_KEPT,
)
from todo_policies.resource_types import (
    BUCKET,
    FLOW_LOG,
    INSTANCE,
    LOAD_BALANCER,
    LOG_GROUP,
    TARGET_GROUP,
    TASK_DEFINITION,
    TRAIL,
    TRAIL_COMPONENT,
    WEB_ACL_LOG,
)
from todo_policies.rule import Rule

MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
SELECTORS: list[dict[str, Any]] = [{"includeManagementEvents": False}]

CASES: list[tuple[Rule, str, str, Any, str]] = [
    (LOG_GROUP_KEPT, LOG_GROUP, "retentionInDays", GONE, "retentionInDays is not set"),
    (LOG_GROUP_KEPT, LOG_GROUP, "retentionInDays", 0, "retentionInDays is not set"),
    (LOG_GROUP_KEPT, LOG_GROUP, "retentionInDays", 1, "is 1; at least 30"),
    (LOG_GROUP_KEPT, LOG_GROUP, "retentionInDays", UNKNOWN, "retentionInDays is unknown"),
    (LOG_GROUP_KEPT, LOG_GROUP, "kmsKeyId", GONE, "kmsKeyId is not set"),
    (FLOW_LOG_COMPLETE, FLOW_LOG, "trafficType", "REJECT", "trafficType is REJECT"),
    (FLOW_LOG_COMPLETE, FLOW_LOG, "trafficType", GONE, "trafficType is not set"),
    (FLOW_LOG_COMPLETE, FLOW_LOG, "logDestination", GONE, "logDestination is not set"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "isMultiRegionTrail", False, "isMultiRegionTrail is False"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "enableLogFileValidation", GONE, "is not set"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "enableLogging", False, "enableLogging is False"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "includeGlobalServiceEvents", False, "is False"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "kmsKeyId", GONE, "kmsKeyId is not set"),
    (TRAIL_COMPLETE, TRAIL_COMPONENT, "eventSelectors", SELECTORS, "leaves out management events"),
    (
        TRAIL_COMPLETE,
        TRAIL_COMPONENT,
        "eventSelectors",
        [{"readWriteType": "WriteOnly"}],
        "for WriteOnly only",
    ),
    (
        TRAIL_COMPLETE,
        TRAIL_COMPONENT,
        "eventSelectors",
        [{"excludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}],
        "leaves out management events of kms.amazonaws.com, rdsdata.amazonaws.com.",
    ),
    *(
        (
            TRAIL_COMPLETE,
            TRAIL_COMPONENT,
            "advancedEventSelectors",
            [{"fieldSelectors": fields}],
            "advancedEventSelectors leave out management events.",
        )
        for fields in (
            [],
            [{"field": "eventCategory", "equals": ["Data"]}],
            [MANAGEMENT, {"field": "readOnly", "equals": ["false"]}],
            [MANAGEMENT, {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}],
            [{"field": "eventCategory", "notEquals": ["Management"]}],
        )
    ),
]


@pytest.mark.parametrize(
    "rule", [*logs_and_trail.RULES, *log_destinations.RULES], ids=lambda rule: rule.name
)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(("rule", "type_", "path", "value", "message"), CASES)
def test_each_loosening_is_refused(
    rule: Rule, type_: str, path: str, value: object, message: str
) -> None:
    stack = record()
    changed = stack.change(type_, path, value)
    [problem] = stack.judge(rule)
    assert problem.startswith(f"{changed.name}: ")
    assert message in problem


def test_a_flow_log_may_name_its_group() -> None:
    stack = record()
    stack.change(FLOW_LOG, "logDestination", GONE)
    stack.change(FLOW_LOG, "logGroupName", "connections")
    assert stack.judge(FLOW_LOG_COMPLETE) == []


def test_a_selector_of_all_events_leaves_out_none() -> None:
    stack = record()
    stack.change(TRAIL_COMPONENT, "eventSelectors", [{"readWriteType": "All"}])
    assert stack.judge(TRAIL_COMPLETE) == []


def test_advanced_selectors_may_add_to_all_that_is_of_management() -> None:
    stack = record()
    data = {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}
    selectors = [data, {"fieldSelectors": [MANAGEMENT]}]
    stack.change(TRAIL_COMPONENT, "advancedEventSelectors", selectors)
    assert stack.judge(TRAIL_COMPLETE) == []


def test_days_and_keys_are_configured() -> None:
    assert record("local").judge(LOG_GROUP_KEPT, minDays=1) == []
    stack = record("prod", encryption={"customerManagedKey": False})
    assert stack.judge(LOG_GROUP_KEPT) != []
    assert stack.judge(LOG_GROUP_KEPT, customerKey=False) == []


@pytest.mark.parametrize("network", ["vpc-another", GONE, UNKNOWN])
def test_a_network_without_a_flow_log_is_refused(network: object) -> None:
    stack = record()
    stack.change(FLOW_LOG, "vpcId", network)
    [problem] = stack.judge(NETWORK_LOGGED)
    assert f"its network {stack.of(TARGET_GROUP).inputs['vpcId']} has no flow log" in problem


def test_a_trail_into_somebodys_bucket_is_refused() -> None:
    stack = record()
    stack.of(TRAIL_COMPONENT).sources.clear()
    [problem] = stack.judge(TRAIL_KEPT)
    assert "its bucket is not in this stack" in problem


def test_a_trail_of_awss_own_provider_is_judged_alike() -> None:
    stack = record()
    bucket = stack.of(BUCKET, "audit")
    stack.add(TRAIL, {"s3BucketName": bucket.computed["bucket"]})
    assert stack.judge(TRAIL_KEPT) == []
    stack.change(TRAIL, "s3BucketName", "somebodys")
    assert len(stack.judge(TRAIL_KEPT)) == 1


@pytest.mark.parametrize(("given", "passes"), [(BUCKET, True), (LOG_GROUP, False)])
def test_a_trail_in_a_component_writes_into_the_components_bucket(
    given: str, *, passes: bool
) -> None:
    options: Any = SimpleNamespace()

    def made(type_: str, parent: PolicyResource | None, **sources: Any) -> PolicyResource:  # noqa: ANN401 - lists
        return PolicyResource(type_, {}, type_, type_, options, None, parent, [], sources)

    place = made(given, None)
    component = made(TRAIL_COMPONENT, None, s3Bucket=[place])
    trail = made(TRAIL, component)
    for one in (component, trail):
        assert (list(TRAIL_KEPT.check(one, [place, component, trail])) == []) is passes


@pytest.mark.parametrize(
    ("type_", "path", "value", "message"),
    [
        (FLOW_LOG, "logDestination", "arn:aws:logs:other", "no log group and no bucket"),
        (WEB_ACL_LOG, "logDestinationConfigs", [], "no log group and no bucket"),
        (LOAD_BALANCER, "accessLogs.bucket", "somebodys", "no log group and no bucket"),
        (
            TASK_DEFINITION,
            "containerDefinitions.0.logConfiguration.options.awslogs-group",
            "/somebodys",
            "it logs to /somebodys",
        ),
        (INSTANCE, "enabledCloudwatchLogsExports", ["error", "general"], "/general, which is no"),
    ],
)
def test_logs_into_nowhere_are_refused(type_: str, path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(type_, path, value)
    [problem] = stack.judge(LOG_DESTINATION_KEPT)
    assert message in problem


@pytest.mark.parametrize("name", ["todo-prod-logs", "writer-error", "firewall"])
def test_two_logs_in_one_place_are_refused(name: str) -> None:
    stack = record()
    arn = stack.of(LOG_GROUP, name).computed["arn"]
    stack.change(FLOW_LOG, "logDestination", arn)
    assert any("writes, too" in problem for problem in stack.judge(LOG_DESTINATION_KEPT))


def test_a_load_balancer_does_not_write_to_the_trails_bucket() -> None:
    stack = record()
    audit = stack.of(BUCKET, "audit").computed["bucket"]
    stack.change(LOAD_BALANCER, "accessLogs.bucket", audit)
    [problem] = stack.judge(LOG_DESTINATION_KEPT)
    assert "where todo-prod-audit writes, too" in problem


def test_a_trail_of_no_known_bucket_writes_to_none_of_these() -> None:
    stack = record()
    stack.of(TRAIL_COMPONENT).sources.clear()
    assert stack.judge(LOG_DESTINATION_KEPT) == []


def test_a_log_group_that_is_gone_is_missed() -> None:
    stack = record()
    for name in ("todo-prod-logs", "writer-error"):
        del stack[stack.of(LOG_GROUP, name).key]
    problems = stack.judge(LOG_DESTINATION_KEPT)
    assert sorted(one.partition(":")[0] for one in problems) == [
        "todo-prod-database",
        "todo-prod-task",
    ]


def test_a_first_preview_follows_the_graph() -> None:
    stack = record()
    stack.make_unknown(stack.of(FLOW_LOG), "logDestination")
    stack.make_unknown(stack.of(WEB_ACL_LOG), "logDestinationConfigs")
    stack.make_unknown(stack.of(TASK_DEFINITION), "containerDefinitions")
    bucket = stack.of(BUCKET, "access-logs")
    balancer = stack.of(LOAD_BALANCER)
    balancer.inputs["accessLogs"]["bucket"] = UNKNOWN
    assert bucket.key in balancer.sources["accessLogs"]
    assert stack.judge(LOG_DESTINATION_KEPT) == []
