"""The policy pack that `--policy-pack policies` runs. Constructing it serves it to the engine."""

from pulumi_policy import EnforcementLevel, PolicyPack

from todo_policies import RULES

PolicyPack(
    "todo",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[rule.policy() for rule in RULES],
)
