"""The comment: what must stop a reviewer first, then changes, policies, capacity and cost."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.report.changes import Difference, differences
from ops.report.events import Preview, Step
from ops.report.policies import mandatory, policy_lines
from ops.report.text import MARKER, bounded, code, plain
from ops.report.verdict import Verdict
from ops.report.words import consequence, is_loud, noun, property_words, rank, remark

__all__ = ["Report", "StackReport", "comment"]

_SHOWN_DIFFERENCES = 12
_SHOWN_STEPS = 60
_LISTED = 8
_COUNTED = ("create", "update", "replace", "delete", "import")


@dataclass(frozen=True, kw_only=True)
class StackReport:
    """What is said of one stack.

    Attributes:
        preview: What the engine said.
        compared_with: The branch whose preview it was compared with; empty if with what runs.
        capacity: Markdown lines about capacity and cost.
    """

    preview: Preview
    compared_with: str = ""
    capacity: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that one comment says.

    Attributes:
        stacks: In the order in which they are told.
        ownership: None if it was not judged.
        checks: What other checks ended with, such as ("lint", "failure").
    """

    stacks: tuple[StackReport, ...]
    ownership: Verdict | None = None
    checks: tuple[tuple[str, str], ...] = ()


def comment(report: Report) -> str:
    """Return the comment, the same for the same report, never longer than GitHub allows."""
    lines = [MARKER, f"## {_title(report)}", ""]
    lines += [f"- {line}" for line in _head(report)]
    for stack in report.stacks:
        lines += ["", f"### {plain(stack.preview.stack)}", *_stack(stack)]
    if failed := [(name, result) for name, result in report.checks if result != "success"]:
        lines += ["", "### Checks that did not pass", ""]
        lines += [f"- {plain(name)}: {plain(result)}" for name, result in failed]
    return bounded("\n".join(lines).rstrip() + "\n")


def _title(report: Report) -> str:
    violations = sum(len(mandatory(stack.preview)) for stack in report.stacks)
    loud = sum(is_loud(step) for stack in report.stacks for step in stack.preview.steps)
    if not report.stacks:
        return "⛔ Infrastructure: there is no preview"
    if violations:
        return f"⛔ Infrastructure: {_count(violations, 'policy violation')}, cannot be deployed"
    if any(not stack.preview.succeeded for stack in report.stacks):
        return "⛔ Infrastructure: the preview failed"
    if loud:
        return f"⚠️ Infrastructure: {_count(loud, 'resource')} replaced, deleted or unprotected"
    changes = sum(len(_changing(stack.preview)) for stack in report.stacks)
    return f"✅ Infrastructure: {_count(changes, 'change') if changes else 'no changes'}"


def _head(report: Report) -> Iterator[str]:
    for stack in report.stacks:
        yield f"**{plain(stack.preview.stack)}**: {_summary(stack.preview)}"
    if report.ownership:
        yield f"**Review**: {plain(report.ownership.line)}"
    if report.checks:
        passed = sum(result == "success" for _, result in report.checks)
        yield f"**Checks**: {passed} of {len(report.checks)} passed"


def _summary(preview: Preview) -> str:
    ops = [step.op for step in _changing(preview)]
    past = {"create": "created", "import": "imported"}
    parts = [f"{ops.count(op)} {past.get(op, f'{op}d')}" for op in _COUNTED if op in ops]
    violations = mandatory(preview)
    if violations:
        parts.append(f"**{_count(len(violations), 'mandatory violation')}**")
    elif not preview.succeeded:
        parts.append("**the preview failed**")
    return ", ".join(parts) or "nothing changes"


def _changing(preview: Preview) -> list[Step]:
    """Return the steps that change something; those that only structure a program are left out."""
    steps = [one for one in preview.steps if one.op in _COUNTED or is_loud(one)]
    return [one for one in steps if not one.type.startswith(("pulumi:", "todo:"))]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _stack(stack: StackReport) -> Iterator[str]:
    preview = stack.preview
    steps = _changing(preview)
    if stack.compared_with:
        yield ""
        yield (
            f"Compared with {plain(stack.compared_with)}, without an account: which updates turn "
            "out to be replacements is certain only against the real stack."
        )
    yield from _errors(preview)
    yield from _loud([step for step in steps if is_loud(step)])
    if mandatory(preview):
        yield from policy_lines(preview)
    yield from _changes([step for step in steps if not is_loud(step)])
    if not mandatory(preview):
        yield from policy_lines(preview)
    if stack.capacity:
        yield from ("", "#### Capacity and monthly cost", "", *stack.capacity)
    if preview.warnings:
        yield from ("", "#### Warnings", "")
        yield from (f"- {plain(text)}" for text in preview.warnings)


def _errors(preview: Preview) -> Iterator[str]:
    if preview.errors:
        yield from ("", "> [!CAUTION]", "> **The preview failed:**")
        for error in preview.errors:
            yield ">"
            yield from (f"> {plain(line)}  " for line in error.splitlines()[:_LISTED] if line)
    elif not preview.succeeded and not mandatory(preview):
        yield from ("", "> [!CAUTION]", "> **The preview broke off**; its job's log says why.")


def _loud(steps: Sequence[Step]) -> Iterator[str]:
    if not steps:
        return
    yield from ("", "> [!CAUTION]", "> **Replaced, deleted or unprotected**", ">")
    for step in sorted(steps, key=lambda step: (rank(step), step.type, step.urn)):
        words = {"replace": "is REPLACED", "delete": "is DELETED"}
        did = words.get(step.op, "loses its protection (`protect`)")
        yield f"> - **The {noun(step.type)} {code(step.name)} {did}.** {consequence(step)}".rstrip()
        found = differences(step)
        for one in sorted(found, key=lambda one: not one.replaces)[:_SHOWN_DIFFERENCES]:
            because = " **(replaces)**" if one.replaces else ""
            yield f">   - {_difference(one)}{because}"


def _changes(steps: Sequence[Step]) -> Iterator[str]:
    changed = [step for step in steps if step.op != "create"]
    created = [step for step in steps if step.op == "create"]
    if changed:
        yield from ("", "#### What changes", "")
        for step in changed[:_SHOWN_STEPS]:
            yield from _change(step)
        if len(changed) > _SHOWN_STEPS:
            yield f"- … and {len(changed) - _SHOWN_STEPS} more resources"
    if created:
        many = len(created) > _LISTED
        head = f"{_count(len(created), 'new resource')}"
        yield ""
        yield f"<details><summary>{head}</summary>" if many else f"#### {head[0].upper()}{head[1:]}"
        yield ""
        yield from (f"- {noun(step.type)} {code(step.name)}" for step in created)
        if many:
            yield from ("", "</details>")


def _change(step: Step) -> Iterator[str]:
    found = differences(step)
    what = f"{noun(step.type)} {code(step.name)}"
    did = {"replace": ", in a new version", "delete": ", deleted", "import": ", imported"}
    head = f"- **{what}**{did.get(step.op, '')}"
    if not found:
        listed = ", ".join(property_words(key) for key in step.differing)
        yield f"{head}: {listed or 'nothing visible'}{' (set anew)' if listed else ''}"
        return
    yield head
    yield from (f"  - {_difference(one)}" for one in found[:_SHOWN_DIFFERENCES])
    if said := remark(step):
        yield f"  - {said}"
    if len(found) > _SHOWN_DIFFERENCES:
        yield f"  - … and {len(found) - _SHOWN_DIFFERENCES} more properties"


def _difference(one: Difference) -> str:
    return f"{_path(one.path)}: {code(one.before)} → {code(one.after)}"


def _path(path: str) -> str:
    """Return a path in words, with what names a member of a list as code."""
    parts = re.split(r"(\[[^\]]*\])", property_words(path))
    shown = (code(part[1:-1]) if part.startswith("[") else plain(part) for part in parts)
    return " ".join(filter(None, shown))
