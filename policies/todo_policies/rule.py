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
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from todo_policies.parameters import PolicyConfigError, read_parameters, schema_of
from todo_policies.waivers import WAIVERS_SCHEMA, Ledger, Waiver, read_waivers

__all__ = ["LEDGER", "ResourceRule", "Rule", "StackRule", "Subject", "judge"]

_FRAMEWORK = "AWS Foundational Security Best Practices"
_REASON = {"type": "string", "description": "Why this configuration differs; for readers only."}

LEDGER = Ledger()
"""What became of the waivers in this process."""


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
        parameters: an instance of a frozen dataclass, which a policy configuration may change
            field by field; a check then gets what applies as its last argument.
        level: what a violation does, unless a policy configuration says otherwise.
        waivable: whether a waiver, or another level, is accepted. False on the database's path.
    """

    name: str
    severity: Severity
    why: str
    fix: str
    controls: tuple[str, ...]
    parameters: Any = None
    level: EnforcementLevel = EnforcementLevel.MANDATORY
    waivable: bool = True

    def policy(self, ledger: Ledger = LEDGER) -> Policy:
        """The rule as the policy SDK takes it.

        Args:
            ledger: Where waivers are noted, which the whole pack shares.
        """
        raise NotImplementedError

    def config_properties(self) -> dict[str, dict[str, Any]]:
        """JSON Schema of what a policy configuration may say about the rule, by key."""
        return {**schema_of(self.parameters), "waivers": WAIVERS_SCHEMA, "reason": _REASON}

    def read_config(self, config: Mapping[str, Any]) -> tuple[Any, tuple[Waiver, ...]]:
        """Return the parameters and the waivers that a policy configuration makes of the rule.

        Raises:
            PolicyConfigError: naming every key and value that is not allowed.
        """
        allowed = self.config_properties()
        problems = [
            f"{key} is unknown: allowed are {', '.join(['enforcementLevel', *allowed])}."
            for key in config
            if key not in allowed
        ]
        parameters: Any = None
        waivers: tuple[Waiver, ...] = ()
        try:
            parameters = read_parameters(self.parameters, config)
        except PolicyConfigError as error:
            problems += error.problems
        try:
            waivers = read_waivers(config)
        except PolicyConfigError as error:
            problems += error.problems
        if problems:
            raise PolicyConfigError([f"{self.name}: {problem}" for problem in problems])
        return parameters, waivers

    def _metadata(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.why,
            "enforcement_level": self.level,
            "severity": self.severity,
            "config_schema": PolicyConfigSchema(properties=self.config_properties()),
            "framework": PolicyComplianceFramework(
                name=_FRAMEWORK, specification=", ".join(self.controls)
            ),
            "remediation_steps": self.fix,
        }

    def _configured(self, config: Mapping[str, Any], ledger: Ledger) -> tuple[Any, ...]:
        """Note the waivers, and return what a check gets beyond its subject."""
        parameters, waivers = self.read_config(config)
        ledger.configured[self.name] = waivers
        if waivers and not self.waivable:
            ledger.ignored.add(self.name)
        return () if self.parameters is None else (parameters,)

    def _report(
        self, problems: Iterable[str], subject: Subject, ledger: Ledger, report: ReportViolation
    ) -> None:
        for problem in problems:
            to_report = ledger.settle(self.name, subject, problem)
            if to_report is not None:
                report(f"{subject.name}: {to_report}\nFix: {self.fix}", subject.urn)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule about one resource's inputs, judged before the resource is created or changed.

    Attributes:
        check: yields a sentence for each problem.
        resource_types: what the rule is about; nothing else is looked at. Empty for any type.
        applies_to: narrows that further, where a type is not enough.
        deferred_input: an input that may be wholly unknown in a preview. The SDK then prints an
            advisory that the rule could not run; the update judges the value before it uses it.
    """

    check: Callable[..., Iterable[str]]
    resource_types: frozenset[str] = frozenset()
    applies_to: Callable[[Subject], bool] | None = None
    deferred_input: str | None = None

    def __post_init__(self) -> None:
        if not self.resource_types and self.applies_to is None:
            raise TypeError(f"The rule {self.name} is about no resource: name resource_types.")

    def policy(self, ledger: Ledger = LEDGER) -> ResourceValidationPolicy:
        """The rule as a policy over single resources."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if self._is_about(args):
                extra = self._configured(args.get_config(), ledger)
                problems = judge(lambda: self.check(args, *extra), self.deferred_input)
                self._report(problems, args, ledger, report)

        return ResourceValidationPolicy(validate=validate, **self._metadata())

    def _is_about(self, subject: Subject) -> bool:
        if self.resource_types and subject.resource_type not in self.resource_types:
            return False
        return self.applies_to is None or self.applies_to(subject)


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule that follows references between resources; it needs the whole stack.

    Attributes:
        resource_types: what the rule is about.
        check: yields a sentence for each problem of one such resource in its stack.
    """

    resource_types: frozenset[str]
    check: Callable[..., Iterable[str]]

    def policy(self, ledger: Ledger = LEDGER) -> StackValidationPolicy:
        """The rule as a policy over the stack; each resource is judged by itself."""

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            extra = self._configured(args.get_config(), ledger)
            for resource in args.resources:
                if resource.resource_type in self.resource_types:
                    problems = self._problems(resource, args.resources, extra)
                    self._report(problems, resource, ledger, report)

        return StackValidationPolicy(validate=validate, **self._metadata())

    def _problems(
        self, resource: PolicyResource, stack: Sequence[PolicyResource], extra: tuple[Any, ...]
    ) -> Iterator[str]:
        return judge(lambda: self.check(resource, stack, *extra))


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
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as malformed:
        # A value of an unexpected shape. The check that stumbles over it must not pass it.
        yield f"it cannot be read: {malformed}"
