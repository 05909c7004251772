from collections.abc import Sequence

import pytest
from pulumi_policy import PolicyResource
from pulumi_policy.proxy import unknown_checking_proxy

from tests.policies.judged import UNKNOWN
from todo_policies.graph import is_given, linked, of_type, once, users

GROUP, BALANCER = "aws:ec2/securityGroup:SecurityGroup", "aws:lb/loadBalancer:LoadBalancer"


def make(
    type_: str, name: str, props: dict[str, object], **sources: PolicyResource
) -> PolicyResource:
    options: object = None
    return PolicyResource(
        type_,
        unknown_checking_proxy(props),
        f"urn:{type_}::{name}",
        name,
        options,  # type: ignore[arg-type]
        None,
        None,
        [],
        {key: [source] for key, source in sources.items()},
    )


def names(resources: object) -> list[str]:
    return [one.name for one in resources]  # type: ignore[attr-defined]


def test_a_known_value_names_what_has_that_identity() -> None:
    groups = [make(GROUP, name, {"id": f"sg-{name}"}) for name in ("one", "two")]
    balancer = make(BALANCER, "alb", {"securityGroups": ["sg-two"]}, securityGroups=groups[0])
    stack = [*groups, balancer]
    # What it was made from does not count: somebody may have cut a value out of it.
    assert names(linked(balancer, "securityGroups", {GROUP}, stack)) == ["two"]
    assert names(users(groups[1], "securityGroups", BALANCER, stack)) == ["alb"]
    assert names(users(groups[0], "securityGroups", BALANCER, stack)) == []


def test_an_unknown_value_is_what_it_is_made_from() -> None:
    group = make(GROUP, "one", {"id": UNKNOWN})
    whole = make(BALANCER, "whole", {"securityGroups": UNKNOWN}, securityGroups=group)
    within = make(BALANCER, "within", {"securityGroups": [UNKNOWN]}, securityGroups=group)
    other = make(BALANCER, "other", {"securityGroups": UNKNOWN})
    stack = [group, whole, within, other]
    assert names(users(group, "securityGroups", BALANCER, stack)) == ["whole", "within"]


def test_a_value_is_found_however_deep_it_is() -> None:
    group = make(GROUP, "one", {"id": "sg-one"})
    props: dict[str, object] = {"network": {"groups": [{"id": "sg-one"}]}}
    service = make("aws:ecs/service:Service", "service", props)
    assert names(linked(service, "network", {GROUP}, [group, service])) == ["one"]


def test_only_the_types_that_are_asked_for_are_found() -> None:
    group = make(GROUP, "one", {"name": "same"})
    namesake = make("aws:s3/bucket:Bucket", "two", {"name": "same"})
    balancer = make(BALANCER, "alb", {"securityGroups": ["same"]})
    stack = [group, namesake, balancer]
    assert names(linked(balancer, "securityGroups", {GROUP}, stack)) == ["one"]
    assert names(users(namesake, "securityGroups", None, stack)) == ["alb"]
    assert names(of_type(stack, GROUP)) == ["one"]


def test_what_is_not_there_references_nothing() -> None:
    balancer = make(BALANCER, "alb", {})
    assert linked(balancer, "securityGroups", {GROUP}, [balancer]) == []


def test_another_stack_is_looked_through_anew() -> None:
    group = make(GROUP, "one", {"id": "sg-one"})
    balancer = make(BALANCER, "alb", {"securityGroups": ["sg-one"]})
    assert names(linked(balancer, "securityGroups", {GROUP}, [group, balancer])) == ["one"]
    assert linked(balancer, "securityGroups", {GROUP}, [balancer]) == []


def test_what_is_known_beside_something_unknown_is_found_too() -> None:
    group = make(GROUP, "one", {"id": "sg-one"})
    other = make(GROUP, "other", {"id": UNKNOWN})
    props: dict[str, object] = {"securityGroups": [UNKNOWN, "sg-one"]}
    balancer = make(BALANCER, "alb", props, securityGroups=other)
    found = linked(balancer, "securityGroups", {GROUP}, [group, other, balancer])
    assert sorted(names(found)) == ["one", "other"]


def test_a_question_about_one_stack_is_asked_once() -> None:
    asked: list[Sequence[PolicyResource]] = []

    def count(stack: Sequence[PolicyResource]) -> int:
        asked.append(stack)
        return len(stack)

    stack = [make(GROUP, "one", {})]
    assert [once(count, stack), once(count, stack), once(count, [])] == [1, 1, 0]
    assert asked == [stack, []]


@pytest.mark.parametrize("value", [None, "", False])
def test_an_empty_input_is_not_given(value: object) -> None:
    assert not is_given(make(GROUP, "one", {"key": value}), "key")
    assert is_given(make(GROUP, "one", {"key": True}), "key")
