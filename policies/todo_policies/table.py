"""The rules as a table, for people."""

from collections.abc import Iterable

from todo_policies.parameters import parameter_key
from todo_policies.rule import Rule

__all__ = ["replace_table", "rule_table"]

_HEAD = "| Rule | Severity | Level | Parameters | AWS controls | Why |\n|---|---|---|---|---|---|"


def rule_table(rules: Iterable[Rule]) -> str:
    """Return the rules as Markdown, a row each. `*` marks those that no waiver lets pass."""
    return "\n".join([_HEAD, *map(_row, rules)])


def replace_table(text: str, table: str) -> str:
    """Return a page with another table in place of its own, which has the same head."""
    before, head, rest = text.partition(_HEAD)
    if not head:
        raise ValueError("The page has no table of rules.")
    following = rest.lstrip("\n").split("\n")
    kept = [index for index, line in enumerate(following) if not line.startswith("|")]
    return "\n".join([before + table, *following[kept[0] :]])


def _row(rule: Rule) -> str:
    parameters = [] if rule.parameters is None else list(rule.parameters.__dataclass_fields__)
    level = rule.level.value + ("" if rule.waivable else " *")
    cells = (
        f"`{rule.name}`",
        rule.severity.value,
        level,
        ", ".join(f"`{parameter_key(name)}`" for name in parameters) or "–",  # noqa: RUF001
        ", ".join(rule.controls) or "–",  # noqa: RUF001 - a dash, as tables have it
        rule.why.replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"
