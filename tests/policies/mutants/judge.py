"""The real pack, called as the policy SDK calls it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from tests.policies.mutants.stack import Change, Key, Resource, Stack
from todo_policies import RULES

__all__ = ["OPTIONS", "Judge", "Violation"]

_CONFIG = Path(__file__).parents[3] / "policies" / "config"
OPTIONS = PolicyResourceOptions(
    protect=False,
    ignore_changes=[],
    delete_before_replace=None,
    aliases=[],
    custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
    additional_secret_outputs=[],
)


class Violation(NamedTuple):
    """What a rule reports, and about which resource."""

    rule: str
    resource: str
    message: str


@dataclass(frozen=True)
class _Applied:
    """A policy that can stop a deployment, with its config."""

    policy: Policy
    config: Mapping[str, Any]


class Judge:
    """A stack, and what the pack says of changes of it.

    Args:
        stack: the stack to start from.
        environment: whose config of the pack applies.
        shown: how the engine shows a resource; by default as after an update.
        told: what the pack's config says besides, by rule.
    """

    def __init__(
        self,
        stack: Stack,
        environment: str,
        shown: Callable[[Resource], Resource] = lambda resource: resource,
        told: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._stack, self._shown = stack, shown
        self._seen = {key: _as_stack_resource(shown(one)) for key, one in stack.items()}
        for one in stack.values():
            _link(self._seen[one.key], one, self._seen)
        policies = list(_mandatory(environment, told or {}))
        self._of_resources = [
            one for one in policies if isinstance(one.policy, ResourceValidationPolicy)
        ]
        self._of_stack = [one for one in policies if isinstance(one.policy, StackValidationPolicy)]
        self._before = {(one.rule, one.resource, one.message) for one in self.violations()}

    def violations(self) -> list[Violation]:
        """Everything a mandatory rule says of the stack as it is."""
        return [*self._judge_resources(self._stack.values()), *self._judge_stack()]

    def first_violation(self, change: Change) -> Violation | None:
        """What stops a change first, if anything does; the stack itself is not held against it."""
        changed = [one for one in change.resources.values() if one is not None]
        with self._changed(change):
            found = self._new(self._judge_resources(changed))
            return found or self._new(self._judge_stack())

    def _new(self, violations: Iterator[Violation]) -> Violation | None:
        return next((one for one in violations if tuple(one) not in self._before), None)

    def _judge_resources(self, resources: Any) -> Iterator[Violation]:  # noqa: ANN401
        for one in resources:
            props = unknown_checking_proxy(_as_sent(self._shown(one).inputs))
            for applied in self._of_resources:
                found: list[Violation] = []
                args = ResourceValidationArgs(
                    one.type, props, _urn(one), one.name, OPTIONS, None, applied.config
                )
                with suppress(UnknownValueError):  # the SDK's advisory: it waits for the update
                    applied.policy.validate(args, _collect(found, applied.policy.name))  # type: ignore[attr-defined]
                yield from found

    def _judge_stack(self) -> Iterator[Violation]:
        resources = list(self._seen.values())
        for applied in self._of_stack:
            found: list[Violation] = []
            args = StackValidationArgs(resources, applied.config)
            with suppress(UnknownValueError):
                applied.policy.validate(args, _collect(found, applied.policy.name))  # type: ignore[attr-defined]
            yield from found

    @contextmanager
    def _changed(self, change: Change) -> Iterator[None]:
        """Show the rules another stack, for a while; resources that stay are not built anew."""
        before = self._seen
        removed = {key for key, one in change.resources.items() if one is None}
        touched = {
            key: _as_stack_resource(self._shown(one))
            for key, one in change.resources.items()
            if one is not None
        }
        self._seen = {key: one for key, one in before.items() if key not in removed} | touched
        dependents = [
            one for one in self._stack.values() if one.key not in change.resources
            and any(keys & change.resources.keys() for keys in one.sources.values())
        ]  # fmt: skip
        for one in dependents:
            self._seen[one.key] = _as_stack_resource(self._shown(one))
        for one in (*dependents, *filter(None, change.resources.values())):
            _link(self._seen[one.key], one, self._seen)
        try:
            yield
        finally:
            self._seen = before


def _collect(found: list[Violation], rule: str) -> Any:  # noqa: ANN401 - the SDK's callback
    def report(message: str, urn: str | None = None) -> None:
        found.append(Violation(rule, (urn or "").rpartition("::")[2], message))

    return report


def _mandatory(environment: str, told: Mapping[str, Mapping[str, Any]]) -> Iterator[_Applied]:
    path = _CONFIG / f"{environment}.json"
    config = {**(json.loads(path.read_text()) if path.exists() else {}), **told}
    for rule in RULES:
        policy = rule.policy()
        stated = config.get(rule.name, {})
        if isinstance(stated, str):
            stated = {"enforcementLevel": stated}
        level = stated.get("enforcementLevel") or config.get("all") or policy.enforcement_level
        if EnforcementLevel(level) is EnforcementLevel.MANDATORY:
            parameters = {key: value for key, value in stated.items() if key != "enforcementLevel"}
            yield _Applied(policy, parameters)


def _as_stack_resource(one: Resource) -> PolicyResource:
    """A resource as `AnalyzeStack` gets it: with its outputs."""
    props = unknown_checking_proxy(_as_sent({**one.computed, **one.inputs}))
    return PolicyResource(one.type, props, _urn(one), one.name, OPTIONS, None, None, [], {})


def _link(resource: PolicyResource, one: Resource, all_: Mapping[Key, PolicyResource]) -> None:
    for property_, keys in one.sources.items():
        found = [all_[key] for key in sorted(keys) if key in all_]
        resource.property_dependencies[property_] = found


def _as_sent(value: Any) -> Any:  # noqa: ANN401 - any JSON value, and its like
    """What remains of a value on its way through protobuf: every number is a float."""
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_sent(item) for key, item in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _urn(one: Resource) -> str:
    return f"urn:pulumi:test::todo::{one.type}::{one.name}"
