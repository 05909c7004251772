"""The mutation test itself: every mutant of every stack before the pack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policies.mutants.database_path import on_database_path
from tests.policies.mutants.generate import mutants_of
from tests.policies.mutants.judge import Judge
from tests.policies.mutants.recordings import EVERYTHING, record, told
from tests.policies.mutants.tables import IRRELEVANT, SURVIVORS, Reasons

__all__ = ["Result", "Trial", "hold"]

_SHARE_OF_THE_REST = 0.95


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one mutant.

    Attributes:
        name: stack and mutant.
        on_database_path: whether it has to be stopped, without exception.
        stopped_by: the mandatory rule that stopped it, if one did.
        reason: why it may survive, if someone wrote that down.
    """

    name: str
    on_database_path: bool
    stopped_by: str | None
    reason: str | None


@dataclass
class Trial:
    """All results, and what is wrong with them."""

    results: list[Result] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def survivors(self) -> list[Result]:
        """The mutants that no mandatory rule stopped."""
        return [one for one in self.results if one.stopped_by is None]

    def problems(self) -> Iterator[str]:
        """Yield a sentence for everything that must not be."""
        for one in self.survivors:
            if one.on_database_path:
                yield f"survived on the database path: {one.name}"
            elif one.reason is None:
                yield f"survived without a reason: {one.name}"
        stopped, total = self._count(on_database_path=False)
        if stopped < _SHARE_OF_THE_REST * total:
            yield f"only {stopped} of {total} were stopped off the database path"
        for glob in self.unused:
            yield f"a table has an entry that no mutant needs: {glob}"

    def closing_line(self) -> str:
        """The result in one line."""
        on_path, total_on_path = self._count(on_database_path=True)
        rest, total_rest = self._count(on_database_path=False)
        share = 100 * on_path / total_on_path
        return (
            f"killed {on_path + rest} of {total_on_path + total_rest} "
            f"({share:.4g} % of {total_on_path} on the database path)"
        )

    def _count(self, *, on_database_path: bool) -> tuple[int, int]:
        of_kind = [one for one in self.results if one.on_database_path is on_database_path]
        return sum(one.stopped_by is not None for one in of_kind), len(of_kind)


def hold(stacks: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None) -> Trial:
    """Judge every mutant of the stacks: by default prod with all its options, and dev.

    Args:
        stacks: by stack, the changes of its config.
    """
    trial = Trial()
    irrelevant, survivors = Reasons(IRRELEVANT), Reasons(SURVIVORS)
    stacks = {"prod": EVERYTHING, "dev": {}} if stacks is None else stacks
    safest = record("prod")
    for name, changes in stacks.items():
        stack = record(name, **changes)
        judge, is_on_path = Judge(stack, name, told=told(changes)), on_database_path(stack)
        for mutant in mutants_of(stack, irrelevant, None if name == "prod" else safest):
            violation = judge.first_violation(mutant.change)
            full_name = f"{name} {mutant.name}"
            reason = survivors.reason(full_name) if violation is None else None
            trial.results.append(
                Result(
                    name=full_name,
                    on_database_path=is_on_path(mutant),
                    stopped_by=violation.rule if violation else None,
                    reason=reason,
                )
            )
    trial.unused = [*irrelevant.unused, *survivors.unused]
    return trial
