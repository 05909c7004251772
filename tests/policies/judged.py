"""Recorded stacks, changed in one place and judged by single rules as the policy SDK does."""

import copy
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from pulumi.runtime import config as runtime_config
from pulumi_policy import (
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from tests.infra.recorder import deploy_stack, make_project
from tests.policies.crashes import refuse_crash
from tests.policies.mutants.stack import Resource, Stack, as_policies_see
from todo_policies.rule import Rule
from todo_policies.waivers import Ledger

__all__ = ["GONE", "UNKNOWN", "Judged", "record", "resource"]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that the update will know."""

GONE = object()
"""In place of a value: leave the key out."""


class Judged(Stack):
    """A stack that tests change in place: the inputs of each resource are its own."""

    def of(self, type_: str, name: str = "") -> Resource:
        """The first resource, by name, of a type whose name holds a text."""
        found = sorted(
            (one for one in self.of_type(type_) if name in one.name), key=lambda one: one.name
        )
        assert found, f"no {type_} named {name}"
        return found[0]

    def add(self, type_: str, inputs: dict[str, Any], **sources: Resource) -> Resource:
        """Put one more resource there; sources are what its inputs are made from."""
        added = resource(type_, inputs, f"added-{len(self)}", **sources)
        self[added.key] = added
        return added

    def change(self, type_: str, path: str, value: object, name: str = "") -> Resource:
        """Set one value of a resource, given by its place: keys and indices, with dots between.

        A text on the way is JSON, and stays it.
        """
        changed = self.of(type_, name)
        _set(changed.inputs, path.split("."), value)
        return changed

    def make_unknown(self, changed: Resource, *keys: str) -> None:
        """Show it as a first preview does: these inputs unknown, and nothing of AWS's own."""
        for key in keys:
            changed.inputs[key] = UNKNOWN
        for one in self.values():
            for key in one.computed:
                one.computed[key] = UNKNOWN

    def judge(self, rule: Rule, /, **config: Any) -> list[str]:  # noqa: ANN401 - any JSON value
        """Return what a rule says: for each violation, resource and sentence."""
        said: list[str] = []

        def report(message: str, urn: str | None = None) -> None:
            assert urn is not None
            refuse_crash(message)
            problem, _, fix = message.partition("\nFix: ")
            assert fix == rule.fix
            said.append(problem)

        policy = rule.policy(Ledger())
        if isinstance(policy, StackValidationPolicy):
            policy.validate(StackValidationArgs(self._seen(), config), report)
        else:
            assert isinstance(policy, ResourceValidationPolicy)
            for one in self.values():
                policy.validate(_args(one, config), report)
        return said

    def _seen(self) -> list[PolicyResource]:
        seen = {key: _stack_resource(one) for key, one in self.items()}
        for key, one in self.items():
            for property_, keys in one.sources.items():
                sources = [seen[source] for source in sorted(keys) if source in seen]
                seen[key].property_dependencies[property_] = sources
        return list(seen.values())


def resource(type_: str, inputs: dict[str, Any], name: str, **sources: Resource) -> Resource:
    """A resource that no program made."""
    made_from = {key: frozenset({one.key}) for key, one in sources.items()}
    return Resource(type=type_, name=name, inputs=inputs, sources=made_from)


def record(stack: str = "prod", /, **changes: Mapping[str, Any]) -> Judged:
    """The program's stack as policies see it, a copy for each caller."""
    return copy.deepcopy(_recorded(stack, json.dumps(changes)))


@functools.cache
def _recorded(stack: str, changes: str) -> Judged:
    before = runtime_config.CONFIG.get()
    with TemporaryDirectory() as directory:
        project = make_project(Path(directory))
        recorded = Judged(as_policies_see(deploy_stack(project, stack, **json.loads(changes))))
    runtime_config.CONFIG.set(before)
    return recorded


def _set(inside: Any, path: Sequence[str], value: object) -> None:  # noqa: ANN401 - any JSON value
    step: Any = int(path[0]) if isinstance(inside, list) else path[0]
    if len(path) > 1 and isinstance(inside[step], str):
        document = json.loads(inside[step])
        _set(document, path[1:], value)
        inside[step] = json.dumps(document)
    elif len(path) > 1:
        _set(inside[step], path[1:], value)
    elif value is GONE:
        del inside[step]
    else:
        inside[step] = value


def _urn(one: Resource) -> str:
    return f"urn:pulumi:test::todo::{one.type}::{one.name}"


def _as_sent(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """What remains of a value on its way through protobuf: every number is a float."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_sent(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _as_sent(item) for key, item in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _args(one: Resource, config: Mapping[str, Any]) -> ResourceValidationArgs:
    props = unknown_checking_proxy(_as_sent(one.inputs))
    options: Any = SimpleNamespace()
    return ResourceValidationArgs(one.type, props, _urn(one), one.name, options, None, dict(config))


def _stack_resource(one: Resource) -> PolicyResource:
    props = unknown_checking_proxy(_as_sent({**one.computed, **one.inputs}))
    options: Any = SimpleNamespace()
    return PolicyResource(one.type, props, _urn(one), one.name, options, None, None, [], {})
