"""The pack's own analyzer says what the SDK's would say, with less work."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, policy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from tests.infra.recorder import OWN_MASTER
from tests.policies.mutants.recordings import record
from tests.policies.mutants.stack import Resource, Stack
from todo_policies import RULES, server
from todo_policies.rule import Rule
from todo_policies.server import Analyzer
from todo_policies.waivers import Ledger

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
WAIVER = {"resource": "none", "owner": "Ada", "reason": "Because.", "until": "2999-12-31"}
INSTANCE = "aws:rds/instance:Instance"


class RefusedError(Exception):
    """What the engine would be told."""


class Context:
    def abort(self, code: grpc.StatusCode, details: str) -> None:
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        raise RefusedError(details)


def pack(rules: Sequence[Rule] = RULES) -> list[Policy]:
    ledger = Ledger()
    return [rule.policy(ledger) for rule in rules]


def ours(rules: Sequence[Rule] = RULES) -> Any:  # noqa: ANN401 - the SDK has no types here
    return Analyzer(rules, "todo", "1", pack(rules), EnforcementLevel.MANDATORY)


def sdks() -> Any:  # noqa: ANN401 - the SDK has no types here
    return _PolicyAnalyzerServicer("todo", "1", pack(), EnforcementLevel.MANDATORY)


def as_struct(values: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:prod::todo::{type_}::{name}"


def one_by_one(stack: Stack) -> Iterator[analyzer_pb2.AnalyzeRequest]:
    for one in stack.values():
        yield analyzer_pb2.AnalyzeRequest(
            type=one.type, name=one.name, urn=urn(*one.key), properties=as_struct(one.inputs)
        )


def together(stack: Stack) -> analyzer_pb2.AnalyzeStackRequest:
    request = analyzer_pb2.AnalyzeStackRequest()
    for one in stack.values():
        sent = request.resources.add(type=one.type, name=one.name, urn=urn(*one.key))
        sent.properties.update({**one.computed, **one.inputs})
        for key, sources in one.sources.items():
            sent.propertyDependencies[key].urns.extend(urn(*source) for source in sources)
    return request


def configuration(**rules: dict[str, Any]) -> analyzer_pb2.ConfigureAnalyzerRequest:
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, properties in rules.items():
        level = properties.pop("level", analyzer_pb2.MANDATORY)
        one = analyzer_pb2.PolicyConfig(properties=as_struct(properties), enforcementLevel=level)
        request.policyConfig[name.replace("_", "-")].CopyFrom(one)
    return request


def said(analyzer: Any, stack: Stack) -> list[bytes]:  # noqa: ANN401 - either of the two
    answers = [analyzer.Analyze(request, None) for request in one_by_one(stack)]
    answers.append(analyzer.AnalyzeStack(together(stack), None))
    return [answer.SerializeToString(deterministic=True) for answer in answers]


@pytest.fixture(scope="module")
def recorded() -> Stack:
    return record(
        "prod",
        database={"readReplicas": 1},
        databaseOperations={"proxy": True, **OWN_MASTER},
    )


@pytest.fixture
def broken(recorded: Stack) -> Stack:
    """Something wrong, and something unknown, in everything there is."""

    def spoil(one: Resource) -> Resource:
        inputs = json.loads(json.dumps(one.inputs))
        for index, (key, value) in enumerate(sorted(inputs.items())):
            if isinstance(value, bool):
                inputs[key] = not value
            elif index % 3 == 0:
                inputs[key] = UNKNOWN
        return one.with_inputs(inputs)

    return Stack({key: spoil(one) for key, one in recorded.items()})


def test_nothing_is_said_of_a_compliant_stack(recorded: Stack) -> None:
    assert said(ours(), recorded) == said(sdks(), recorded)


def test_the_same_is_said_of_a_broken_stack_as_by_the_sdk(broken: Stack) -> None:
    found = said(ours(), broken)
    assert found == said(sdks(), broken)
    assert sum(map(len, found)) > 10_000


def test_a_configuration_reaches_what_was_judged_before_and_what_was_not(broken: Stack) -> None:
    config = configuration(
        database_deletion_protection={"level": analyzer_pb2.ADVISORY},
        database_multi_az={"level": analyzer_pb2.DISABLED},
        database_backups={"minimumDays": 1, "finalSnapshot": False, "waivers": [WAIVER]},
        database_credentials_managed={"managedByRds": False},
        load_balancer_hardened={"level": analyzer_pb2.ADVISORY},
    )
    tried, expected = ours(), sdks()
    first = next(one for one in one_by_one(broken) if one.type == INSTANCE)
    tried.Analyze(first, None)
    for analyzer in (tried, expected):
        analyzer.Configure(config, None)
        analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod"), None)
    assert said(tried, broken) == said(expected, broken)
    assert said(tried, broken) != said(ours(), broken)


def test_what_is_not_configured_keeps_its_own_level(recorded: Stack) -> None:
    config = configuration(
        database_backups={"waivers": [WAIVER]}, database_credentials_managed={"waivers": [WAIVER]}
    )
    tried, expected = ours(), sdks()
    for analyzer in (tried, expected):
        analyzer.Configure(config, None)
    assert said(tried, recorded) == said(expected, recorded)


def test_what_is_served_is_this_analyzer(broken: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    def serve_nothing(name: str, **options: Any) -> None:  # noqa: ANN401 - the SDK's own
        assert name == "todo"
        level, policies = options["enforcement_level"], options["policies"]
        served.append(policy._PolicyAnalyzerServicer("todo", "1", policies, level))

    monkeypatch.setattr(policy, "_PolicyAnalyzerServicer", _PolicyAnalyzerServicer)  # restored
    monkeypatch.setattr(server, "PolicyPack", serve_nothing)
    server.serve(RULES)
    assert isinstance(served[0], Analyzer)
    assert said(served[0], broken) == said(sdks(), broken)


def test_the_engine_learns_of_every_rule(broken: Stack) -> None:
    assert broken
    assert ours().GetAnalyzerInfo(None, None) == sdks().GetAnalyzerInfo(None, None)


def test_a_configuration_that_cannot_be_kept_to_is_refused_and_changes_nothing(
    broken: Stack,
) -> None:
    analyzer = ours()
    before = said(analyzer, broken)
    config = configuration(
        database_tls_required={"level": analyzer_pb2.DISABLED}, database_backups={"days": 1}
    )
    with pytest.raises(RefusedError) as refused:
        analyzer.Configure(config, Context())
    head, *listed = str(refused.value).splitlines()
    assert head == "it cannot be used:"
    assert [line[:12] for line in listed] == ["  - database"] * 2
    assert said(analyzer, broken) == before


def test_a_resource_meets_only_the_rules_about_its_type() -> None:
    met: list[str] = []

    def spy(rule: Rule) -> Policy:
        return ResourceValidationPolicy(rule.name, "-", lambda *_: met.append(rule.name))

    rules = [rule for rule in RULES if rule.name in {"database-backups", "database-not-public"}]
    analyzer = Analyzer(rules, "todo", "1", list(map(spy, rules)), EnforcementLevel.MANDATORY)
    analyzer.Analyze(analyzer_pb2.AnalyzeRequest(type=INSTANCE, name="a", urn="urn:a"), None)  # type: ignore[arg-type]
    assert sorted(met) == ["database-backups", "database-not-public"]
    met.clear()
    analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod"), None)  # type: ignore[arg-type]
    group = "aws:ec2/securityGroup:SecurityGroup"
    analyzer.Analyze(analyzer_pb2.AnalyzeRequest(type=group, name="a", urn="urn:a"), None)  # type: ignore[arg-type]
    assert met == []
