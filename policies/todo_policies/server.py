"""Serves the pack to the engine, and refuses a configuration it cannot keep to.

The SDK reads each resource anew for each of its policies, and all of them again for each policy
over the stack. With this many rules that is most of their cost, so each resource goes only to the
rules that are about its type, and a stack is read once.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import grpc
import pulumi_policy.policy
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

from todo_policies.pack_config import problems_of
from todo_policies.rule import ResourceRule, Rule

__all__ = ["Analyzer", "serve"]

_SDKAnalyzer = pulumi_policy.policy._PolicyAnalyzerServicer  # noqa: SLF001 - it has no other hook
_LEVELS = {
    analyzer_pb2.ADVISORY: EnforcementLevel.ADVISORY,
    analyzer_pb2.MANDATORY: EnforcementLevel.MANDATORY,
    analyzer_pb2.DISABLED: EnforcementLevel.DISABLED,
    analyzer_pb2.REMEDIATE: EnforcementLevel.REMEDIATE,
}


def serve(rules: Sequence[Rule]) -> None:
    """Serve the rules until the engine ends this process."""

    class Served(Analyzer):
        """What the SDK makes in place of its own, and by whose name it finds its own parts."""

        def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - handed on as they are
            super().__init__(rules, *arguments)

    pulumi_policy.policy._PolicyAnalyzerServicer = Served  # type: ignore[misc, assignment] # noqa: SLF001
    PolicyPack(
        "todo",
        enforcement_level=EnforcementLevel.MANDATORY,
        policies=[rule.policy() for rule in rules],
    )


class Analyzer(_SDKAnalyzer):
    """The SDK's analyzer, split by what rules are about.

    Args:
        rules: The rules, in the order of their policies.
        name: The pack's name.
        version: Its version.
        policies: The policies.
        more: Whatever else the SDK wants to know.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        name: str,
        version: str,
        policies: list[Policy],
        *more: Any,  # noqa: ANN401 - handed on as it is
    ) -> None:
        super().__init__(name, version, policies, *more)
        self._rules = rules
        self._make: Callable[[list[Policy]], Any] = lambda chosen: _SDKAnalyzer(
            name, version, chosen, *more
        )
        self._policies = policies
        self._stack: list[PolicyResource] = []
        self._parts: dict[str, Any] = {}
        self._reader: Any = self._make([StackValidationPolicy("reader", "-", self._read)])
        self._judge: Any = self._make([self._over_what_was_read(one) for one in policies])
        self._told: list[tuple[str, Any]] = []

    def Configure(  # noqa: N802 - named by the protocol
        self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take the configuration of all rules, or refuse it with everything that is wrong."""
        given = request.policyConfig
        problems = problems_of(
            self._rules,
            {name: json_format.MessageToDict(given[name].properties) for name in given},
            {name: _LEVELS[given[name].enforcementLevel] for name in given},
        )
        if problems:
            listed = "\n".join(f"  - {problem}" for problem in problems)
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"it cannot be used:\n{listed}")
        self._tell("Configure", request)
        return empty_pb2.Empty()

    def ConfigureStack(  # noqa: N802
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, _context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Take what is known of the stack."""
        self._tell("ConfigureStack", request)
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(  # noqa: N802
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """Judge one resource by the rules that are about its type."""
        if request.type not in self._parts:
            self._parts[request.type] = self._part(request.type)
        part = self._parts[request.type]
        answer = part.Analyze(request, context) if part else analyzer_pb2.AnalyzeResponse()
        return cast("analyzer_pb2.AnalyzeResponse", answer)

    def AnalyzeStack(  # noqa: N802
        self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """Read the stack once, and judge it by all rules that follow references."""
        self._reader.AnalyzeStack(request, context)
        answer = self._judge.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), context)
        return cast("analyzer_pb2.AnalyzeResponse", answer)

    def _part(self, type_: str) -> Any:  # noqa: ANN401 - the SDK's analyzer, without types
        chosen = [
            policy
            for rule, policy in zip(self._rules, self._policies, strict=True)
            if isinstance(rule, ResourceRule)
            and (not rule.resource_types or type_ in rule.resource_types)
        ]
        part = self._make(chosen) if chosen else None
        for call, request in self._told if part else ():
            getattr(part, call)(request, None)
        return part

    def _tell(self, call: str, request: Any) -> None:  # noqa: ANN401 - one of the protocol's
        self._told.append((call, request))
        for part in (self._judge, *filter(None, self._parts.values())):
            getattr(part, call)(request, None)

    def _read(self, args: StackValidationArgs, _report: ReportViolation) -> None:
        self._stack = args.resources

    def _over_what_was_read(self, policy: Policy) -> Policy:
        if not isinstance(policy, StackValidationPolicy):
            return policy

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            policy.validate(
                StackValidationArgs(self._stack, args.get_config(), args.stack_tags), report
            )

        return StackValidationPolicy(
            policy.name, policy.description, validate, policy.enforcement_level,
            severity=policy.severity,
        )  # fmt: skip
