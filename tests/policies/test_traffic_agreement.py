from collections.abc import Callable

import pytest

from tests.policies.judged import UNKNOWN, Judged, record, resource
from tests.policies.mutants.stack import Resource
from todo_policies.traffic_agreement import TRAFFIC_AGREED

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CLASSIC = "aws:ec2/securityGroupRule:SecurityGroupRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


@pytest.fixture
def stack() -> Judged:
    return record("prod")


def said(stack: Judged) -> list[str]:
    return stack.judge(TRAFFIC_AGREED)


def change(stack: Judged, type_: str, name: str, **inputs: object) -> Resource:
    """Change a rule, and forget what it was made from."""
    old = stack.of(type_, name)
    new = old.with_inputs({**old.inputs, **inputs}, dict.fromkeys(inputs, frozenset()))
    stack[old.key] = new
    return new


def test_the_programs_own_groups_agree(stack: Judged) -> None:
    assert said(stack) == []


@pytest.mark.parametrize(("type_", "other"), [(INGRESS, EGRESS), (EGRESS, INGRESS)])
@pytest.mark.parametrize(
    ("key", "value"), [("fromPort", 3305), ("toPort", 3307), ("ipProtocol", "udp")]
)
def test_a_rule_changed_alone_breaks_both_ends(
    stack: Judged, type_: str, other: str, key: str, value: object
) -> None:
    changed = change(stack, type_, "service-to-database", **{key: value})
    assert sorted(said(stack)) == sorted(
        [
            f"{changed.name}: {own} {words} {their} what {their} has no rule for, "
            "with the same protocol and ports."
            for own, words, their in (
                ("todo-prod-database", "lets in from", "todo-prod-service"),
                ("todo-prod-service", "lets out to", "todo-prod-database"),
            )
            if (words == "lets in from") is (type_ == INGRESS)
        ]
        + [
            f"{stack.of(other, 'service-to-database').name}: {own} {words} {their} "
            f"what {their} has no rule for, with the same protocol and ports."
            for own, words, their in (
                ("todo-prod-database", "lets in from", "todo-prod-service"),
                ("todo-prod-service", "lets out to", "todo-prod-database"),
            )
            if (words == "lets in from") is (other == INGRESS)
        ]
    )


@pytest.mark.parametrize(("type_", "other"), [(INGRESS, EGRESS), (EGRESS, INGRESS)])
def test_a_rule_without_its_counterpart_is_one_sided(stack: Judged, type_: str, other: str) -> None:
    del stack[stack.of(type_, "service-to-database").key]
    [problem] = said(stack)
    assert problem.startswith(stack.of(other, "service-to-database").name)


@pytest.mark.parametrize("type_", [INGRESS, EGRESS])
@pytest.mark.parametrize("key", ["securityGroupId", "referencedSecurityGroupId"])
def test_a_rule_moved_to_another_group_is_one_sided(stack: Judged, type_: str, key: str) -> None:
    balancers = stack.of(GROUP, "-alb").computed["id"]
    changed = change(stack, type_, "service-to-database", **{key: balancers})
    assert any(problem.startswith(changed.name) for problem in said(stack))


def test_a_group_of_elsewhere_is_not_opened(stack: Judged) -> None:
    changed = change(stack, INGRESS, "service-to-database", securityGroupId="sg-elsewhere")
    assert (
        f"{changed.name}: securityGroupId names no group of this stack, "
        "so it opens one that others use."
    ) in said(stack)


@pytest.mark.parametrize("type_", [INGRESS, EGRESS])
def test_a_group_of_elsewhere_is_not_let_in_or_out(stack: Judged, type_: str) -> None:
    changed = change(stack, type_, "service-to-database", referencedSecurityGroupId="sg-elsewhere")
    assert (
        f"{changed.name}: referencedSecurityGroupId names no group of this stack, "
        "so nothing vouches for who is in it."
    ) in said(stack)


def test_only_a_gateways_list_of_networks_is_let_out_to(stack: Judged) -> None:
    changed = change(stack, EGRESS, "service-to-storage", prefixListId="pl-elsewhere")
    gateways = f"{changed.name}: prefixListId is not that of a gateway of this stack."
    assert said(stack) == [gateways]


def test_a_list_that_is_written_down_is_known_to_be_anothers(stack: Judged) -> None:
    rule = stack.of(EGRESS, "service-to-storage")
    rule.inputs["prefixListId"] = "pl-elsewhere"  # whatever else it is made from
    assert len(said(stack)) == 1
    stack[rule.key] = resource(EGRESS, rule.inputs, rule.name)
    assert len(said(stack)) == 1


def test_an_interfaces_list_is_no_gateways(stack: Judged) -> None:
    interface = stack.of("aws:ec2/vpcEndpoint:VpcEndpoint", "ecr-api").computed["prefixListId"]
    change(stack, EGRESS, "service-to-storage", prefixListId=interface)
    assert len(said(stack)) == 1


def test_only_a_service_has_a_way_to_a_list_of_networks(stack: Judged) -> None:
    database = stack.of(GROUP, "-database").computed["id"]
    changed = change(stack, EGRESS, "service-to-storage", securityGroupId=database)
    assert said(stack) == [
        (
            f"{changed.name}: todo-prod-database lets out to a list of networks, "
            "but is the group of no service."
        )
    ]


def unknown_ids(stack: Judged) -> None:
    for type_ in (INGRESS, EGRESS):
        for rule in list(stack.of_type(type_)):
            for key in ("securityGroupId", "referencedSecurityGroupId", "prefixListId"):
                if key in rule.inputs:
                    stack.make_unknown(rule, key)
    service = stack.of("aws:ecs/service:Service")
    service.inputs["networkConfiguration"]["securityGroups"] = [UNKNOWN]


def drop_an_end(stack: Judged) -> None:
    del stack[stack.of(INGRESS, "service-to-database").key]


def widen_an_end(stack: Judged) -> None:
    stack.of(EGRESS, "service-to-database").inputs["toPort"] = 65535


def test_a_first_preview_agrees_by_the_engines_graph(stack: Judged) -> None:
    unknown_ids(stack)
    assert said(stack) == []


@pytest.mark.parametrize(("spoil", "problems"), [(drop_an_end, 1), (widen_an_end, 2)])
def test_a_first_preview_shows_who_disagrees(
    stack: Judged, spoil: Callable[[Judged], None], problems: int
) -> None:
    unknown_ids(stack)
    spoil(stack)
    assert len(said(stack)) == problems


def test_an_unknown_list_made_from_nothing_here_is_no_gateways(stack: Judged) -> None:
    unknown_ids(stack)
    change(stack, EGRESS, "service-to-storage", prefixListId=UNKNOWN)
    assert len(said(stack)) == 1


@pytest.mark.parametrize("name", ["database", "alb"])
def test_only_tasks_and_functions_connect_to_networks(name: str) -> None:
    stack = record("dev")
    group = stack.of(GROUP, f"-{name}")
    changed = change(stack, EGRESS, "service-to-aws", securityGroupId=group.computed["id"])
    assert said(stack) == [
        (
            f"{changed.name}: {group.name} lets out to 0.0.0.0/0, "
            "but is the group of no service or function."
        )
    ]


def test_a_function_may_call_aws_but_fetches_no_layers() -> None:
    stack = record("dev", secrets={"rotationDays": 30})
    assert said(stack) == []
    stack = record("prod", secrets={"rotationDays": 30})
    own = stack.of(GROUP, "rotation").computed["id"]
    change(stack, EGRESS, "service-to-storage", securityGroupId=own)
    assert [problem.partition(": ")[2] for problem in said(stack)] == [
        "todo-prod-app-rotation lets out to a list of networks, but is the group of no service."
    ]


@pytest.mark.parametrize(
    ("type_", "problems"),
    [("aws:lambda/function:Function", 0), ("aws:sagemaker/domain:Domain", 1)],
)
def test_a_function_of_ones_own_may_call_aws_too(type_: str, problems: int) -> None:
    stack = record("dev")
    group = stack.of(GROUP, "-database")
    config = {"vpcConfig": {"securityGroupIds": [group.computed["id"]]}}
    stack.add(type_, config)
    change(stack, EGRESS, "service-to-aws", securityGroupId=group.computed["id"])
    assert len(said(stack)) == problems


@pytest.mark.parametrize(
    ("key", "value"), [("fromPort", 0), ("toPort", 65535), ("ipProtocol", "-1")]
)
def test_layers_are_fetched_by_https_only(stack: Judged, key: str, value: object) -> None:
    changed = change(stack, EGRESS, "service-to-storage", **{key: value})
    assert said(stack) == [f"{changed.name}: it lets out to a list of networks what is not HTTPS."]


@pytest.mark.parametrize("name", ["dev", "local"])
def test_tasks_may_connect_to_networks(name: str) -> None:
    assert said(record(name)) == []


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(
    "other",
    [
        {"sourceSecurityGroupId": "sg-anybodys"},
        {"self": True},
        {"prefixListIds": ["pl-anybodys"]},
        {"cidrBlocks": ["10.0.0.0/8"], "protocol": "-1"},
    ],
)
def test_a_rule_of_several_sources_tells_nothing_of_both_ends(
    stack: Judged, direction: str, other: dict[str, object]
) -> None:
    group = stack.of(GROUP, "-service").computed["id"]
    inputs = {"type": direction, "securityGroupId": group, "protocol": "tcp", **other}
    added = stack.add(CLASSIC, inputs)
    assert said(stack) == [
        f"{added.name}: it is a SecurityGroupRule, of which nothing tells that both ends agree."
    ]
