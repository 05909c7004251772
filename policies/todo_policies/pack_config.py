"""The whole pack's configuration: its schema, and what is wrong with one before it is used.

The engine itself takes no offence at a name it does not know, so a slip of the pen would leave a
rule as it is, or a waiver unread.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_policy import EnforcementLevel

from todo_policies.parameters import PolicyConfigError
from todo_policies.rule import Rule

__all__ = ["config_schema", "problems_of"]

_ALL = "all"
_STRENGTH = (
    EnforcementLevel.DISABLED,
    EnforcementLevel.ADVISORY,
    EnforcementLevel.MANDATORY,
    EnforcementLevel.REMEDIATE,
)
_LEVELS = [level.value for level in _STRENGTH[:3]]


def problems_of(
    rules: Iterable[Rule],
    config: Mapping[str, Mapping[str, Any]],
    levels: Mapping[str, EnforcementLevel],
) -> list[str]:
    """Return everything that stands against a configuration, a sentence each.

    Args:
        rules: The pack.
        config: Keys and values by rule, without the level.
        levels: What applies to each rule.
    """
    by_name = {rule.name: rule for rule in rules}
    problems = [
        f"{name} is no rule of this pack: allowed are all and {', '.join(by_name)}."
        for name in config
        if name not in {*by_name, _ALL}
    ]
    for name, rule in by_name.items():
        level = levels.get(name, rule.level)
        if not rule.waivable and _STRENGTH.index(level) < _STRENGTH.index(rule.level):
            problems.append(
                f"{name} is set to {level.value}, but has to stay {rule.level.value}: no "
                "configuration may lower it. Beside a level for all, name this one by itself."
            )
        try:
            rule.read_config(config.get(name, {}))
        except PolicyConfigError as error:
            problems += error.problems
    return problems


def config_schema(rules: Iterable[Rule]) -> dict[str, Any]:
    """Return the JSON Schema of a configuration file, for editors and tests."""
    levels = {"type": "string", "enum": _LEVELS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the policy pack todo",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            _ALL: {**levels, "description": "Level of every rule that is not named itself."},
            **{rule.name: _rule_schema(rule) for rule in rules},
        },
    }


def _rule_schema(rule: Rule) -> dict[str, Any]:
    levels = _LEVELS if rule.waivable else _LEVELS[_STRENGTH.index(rule.level) :]
    properties = rule.config_properties()
    if not rule.waivable:
        del properties["waivers"]
    return {
        "type": "object",
        "description": rule.why,
        "required": ["reason"],
        "additionalProperties": False,
        "properties": {"enforcementLevel": {"type": "string", "enum": levels}, **properties},
    }
