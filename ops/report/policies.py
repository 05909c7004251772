"""What the policy pack said: what is broken comes first, each with its fix."""

import re
from collections.abc import Iterator, Sequence

from ops.report.events import Preview, Violation
from ops.report.text import plain

__all__ = ["mandatory", "policy_lines"]

_WAIVERS = "waivers"
# The policy SDK's words for a rule that met an unknown value.
_WAITING = re.compile(r"can't run policy .* during preview: .* can't be known during preview", re.S)


def mandatory(preview: Preview) -> list[Violation]:
    """Return what stops an update."""
    return [one for one in preview.violations if one.level == "mandatory"]


def policy_lines(preview: Preview) -> Iterator[str]:
    """Yield the section about policies."""
    broken = mandatory(preview)
    yield from ("", "#### Policies", "")
    for one in broken:
        severity = f" ({plain(one.severity)})" if one.severity else ""
        yield f"- ⛔ **{plain(one.rule)}**{severity}: {plain(one.problem)}"
        yield from _fix(one, "**Fix**")
    yield from _advisories([one for one in preview.violations if one not in broken])
    if not preview.packs:
        yield "- ⚠️ No policy pack was run."
    elif not broken and preview.succeeded:
        yield "- ✅ No mandatory rule is broken."
    elif not broken:
        yield "- ⚠️ Rules about the whole stack did not run: the preview broke off."


def _advisories(found: Sequence[Violation]) -> Iterator[str]:
    waiting = sorted({one.rule for one in found if _WAITING.match(one.problem)})
    if waiting:
        rules = ", ".join(map(plain, waiting))
        yield f"- ⏳ Judged by the update, before it acts, as values are not known yet: {rules}"
    told = [one for one in found if not _WAITING.match(one.problem)]
    for one in told:
        if one.rule != _WAIVERS:
            yield f"- ⚠️ {plain(one.rule)} (advisory): {plain(one.problem)}"
            yield from _fix(one, "Fix")
    for one in told:
        if one.rule == _WAIVERS:
            # The pack also tells of those that match nothing, or that a rule does not take.
            kind = "🔓 Waiver in force" if "is waived" in one.problem else "⚠️ Waiver"
            yield f"- {kind}: {plain(one.problem)}"


def _fix(violation: Violation, word: str) -> Iterator[str]:
    if violation.fix:
        yield f"  - {word}: {plain(violation.fix)}"
