"""The last rule: it prints every waiver that let something through, or has nothing to do."""

from dataclasses import dataclass

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from todo_policies.rule import LEDGER, Rule
from todo_policies.waivers import Ledger

__all__ = ["WAIVERS"]


@dataclass(frozen=True, kw_only=True)
class _WaiverReport(Rule):
    def policy(self, ledger: Ledger = LEDGER) -> StackValidationPolicy:
        """The report as a policy over the stack, which has to run after all others."""

        def validate(_args: StackValidationArgs, report: ReportViolation) -> None:
            for used in ledger.used:
                report(
                    f"{used.name}: {used.rule} is waived ({used.waiver}).\nWaived: {used.problem}",
                    used.urn,
                )
            for rule, waiver in ledger.idle():
                report(f"{rule}: the waiver of {waiver.resource} matches nothing ({waiver}).", None)
            for rule in sorted(ledger.ignored):
                report(f"{rule}: its waivers are ignored, as this rule cannot be waived.", None)
            ledger.clear()

        return StackValidationPolicy(validate=validate, **self._metadata())


WAIVERS = _WaiverReport(
    name="waivers",
    severity=Severity.LOW,
    why="Every waiver in use is printed: what it lets through, who answers for it, and until when.",
    fix="Mend what is waived before the waiver ends, and remove waivers that match nothing.",
    controls=(),
    level=EnforcementLevel.ADVISORY,
    waivable=False,
)
