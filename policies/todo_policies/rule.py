"""What a rule is: a check, and the metadata that explains it to whoever breaks it.

Absent means violation, and so does unknown. The policy SDK turns the touch of an unknown value into
an advisory, which a mandatory pack must not let pass; `judge` is the one place that decides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

__all__ = ["ResourceRule", "Rule", "StackRule", "Subject"]

_FRAMEWORK = "AWS Foundational Security Best Practices"


class Subject(Protocol):
    """What a check looks at: one resource, before or after its creation."""

    resource_type: str
    name: str
    urn: str
    props: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule's metadata.

    Attributes:
        name: kebab-case id, as policy configuration names it.
        severity: how bad a violation is.
        why: the rule and its reason, in a sentence or two.
        fix: what to change, as an instruction.
        controls: ids of the AWS Foundational Security controls it enforces, if any.
    """

    name: str
    severity: Severity
    why: str
    fix: str
    controls: tuple[str, ...]

    def policy(self) -> Policy:
        """The rule as the policy SDK takes it."""
        raise NotImplementedError

    def _framework(self) -> PolicyComplianceFramework:
        return PolicyComplianceFramework(name=_FRAMEWORK, specification=", ".join(self.controls))

    def _message(self, subject: Subject, problem: str) -> str:
        return f"{subject.name}: {problem}\nFix: {self.fix}"


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule about one resource's inputs, judged before the resource is created or changed.

    Attributes:
        applies_to: whether the rule is about such a resource.
        check: yields a sentence for each problem.
        deferred_input: an input that may be wholly unknown in a preview. The SDK then prints an
            advisory that the rule could not run; the update judges the value before it uses it.
    """

    applies_to: Callable[[Subject], bool]
    check: Callable[[Subject], Iterable[str]]
    deferred_input: str | None = None

    def policy(self) -> ResourceValidationPolicy:
        """The rule as a policy over single resources."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if self.applies_to(args):
                for problem in judge(lambda: self.check(args), self.deferred_input):
                    report(self._message(args, problem), args.urn)

        return ResourceValidationPolicy(
            name=self.name,
            description=self.why,
            validate=validate,
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=self.severity,
            framework=self._framework(),
            remediation_steps=self.fix,
        )


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule that follows references between resources; it needs the whole stack.

    Attributes:
        resource_types: what the rule is about.
        check: yields a sentence for each problem of one such resource in its stack.
    """

    resource_types: frozenset[str]
    check: Callable[[PolicyResource, Sequence[PolicyResource]], Iterable[str]]

    def policy(self) -> StackValidationPolicy:
        """The rule as a policy over the stack; each resource is judged by itself."""

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for resource in args.resources:
                if resource.resource_type in self.resource_types:
                    self._judge(resource, args.resources, report)

        return StackValidationPolicy(
            name=self.name,
            description=self.why,
            validate=validate,
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=self.severity,
            framework=self._framework(),
            remediation_steps=self.fix,
        )

    def _judge(
        self, resource: PolicyResource, stack: Sequence[PolicyResource], report: ReportViolation
    ) -> None:
        for problem in judge(lambda: self.check(resource, stack)):
            report(self._message(resource, problem), resource.urn)


def judge(check: Callable[[], Iterable[str]], deferred_input: str | None = None) -> Iterator[str]:
    """Yield a check's problems; having to touch an unknown or malformed value is one, too.

    Raises:
        UnknownValueError: if what is unknown is the whole deferred input.
    """
    try:
        yield from check()
    except UnknownValueError as unknown:
        if unknown.props == [deferred_input]:
            raise
        yield f"{'.'.join(unknown.props)} is unknown before the update, so nothing vouches for it."
    except ValueError as malformed:
        yield f"it cannot be read: {malformed}"
