"""Serves the pack to the engine, and refuses a configuration it cannot keep to."""

from collections.abc import Sequence

import grpc
import pulumi_policy.policy
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, PolicyPack

from todo_policies.pack_config import problems_of
from todo_policies.rule import Rule

__all__ = ["serve"]

_LEVELS = {
    analyzer_pb2.ADVISORY: EnforcementLevel.ADVISORY,
    analyzer_pb2.MANDATORY: EnforcementLevel.MANDATORY,
    analyzer_pb2.DISABLED: EnforcementLevel.DISABLED,
    analyzer_pb2.REMEDIATE: EnforcementLevel.REMEDIATE,
}


def serve(rules: Sequence[Rule]) -> None:
    """Serve the rules until the engine ends this process."""
    pulumi_policy.policy._PolicyAnalyzerServicer = _checking(rules)  # type: ignore[misc] # noqa: SLF001
    PolicyPack(
        "todo",
        enforcement_level=EnforcementLevel.MANDATORY,
        policies=[rule.policy() for rule in rules],
    )


def _checking(rules: Sequence[Rule]) -> type[pulumi_policy.policy._PolicyAnalyzerServicer]:
    """The SDK's analyzer, which would take any configuration, with a look at it before."""

    class Analyzer(pulumi_policy.policy._PolicyAnalyzerServicer):  # noqa: SLF001 - it has no hook
        def Configure(  # noqa: N802 - named by the protocol
            self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext
        ) -> empty_pb2.Empty:
            given = request.policyConfig
            problems = problems_of(
                rules,
                {name: json_format.MessageToDict(given[name].properties) for name in given},
                {name: _LEVELS[given[name].enforcementLevel] for name in given},
            )
            if problems:
                listed = "\n".join(f"  - {problem}" for problem in problems)
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"it cannot be used:\n{listed}")
            super().Configure(request, context)  # type: ignore[no-untyped-call]
            return empty_pb2.Empty()

    return Analyzer
