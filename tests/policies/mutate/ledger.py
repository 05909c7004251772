"""How far the mutation test has come: a result for each module, kept with the code."""

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.policies.mutate.results import Results
from tests.policies.mutate.workspace import ROOT, fingerprint, selection

__all__ = [
    "LEDGER",
    "PAGE",
    "Entry",
    "closing_line",
    "is_current",
    "load",
    "save",
    "state",
    "tried",
]

LEDGER = Path(__file__).with_name("results.json")
PAGE = ROOT / "policies" / "README.md"
_STATEMENT = re.compile(r"^\d+ of \d+ modules were tried, .*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What came of one module.

    Attributes:
        killed: mutants that a test noticed.
        explained: survivors with a reason.
        total: all of its mutants.
        date: when that was found out.
        of: fingerprint of the module and its tests then.
    """

    killed: int
    explained: int
    total: int
    date: str
    of: str


def load(path: Path = LEDGER) -> dict[str, Entry]:
    """Return what is known of each module."""
    if not path.exists():
        return {}
    return {module: Entry(**entry) for module, entry in json.loads(path.read_text()).items()}


def save(module: str, results: Results, of: str, path: Path = LEDGER) -> None:
    """Put down what came of a module, and of which code."""
    entries = load(path)
    entries[module] = Entry(
        killed=results.killed,
        explained=len(results.survivors) - len(results.unexplained),
        total=results.total,
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        of=of,
    )
    known = {name: asdict(entries[name]) for name in selection() if name in entries}
    path.write_text(json.dumps(known, indent=2) + "\n")


def tried(module: str, path: Path = LEDGER) -> str | None:
    """Return the fingerprint of what was tried last of a module."""
    entry = load(path).get(module)
    return entry.of if entry else None


def is_current(module: str, path: Path = LEDGER) -> bool:
    """Whether a module's result is known, complete, and still that of this code."""
    entry = load(path).get(module)
    if entry is None or entry.killed + entry.explained < entry.total:
        return False
    return entry.of == fingerprint(module)


def closing_line(path: Path = LEDGER) -> str:
    """Sum up what is known of the pack."""
    entries = load(path)
    killed, explained, total = (
        sum(getattr(entry, name) for entry in entries.values())
        for name in ("killed", "explained", "total")
    )
    tried = f"{len(entries)} of {len(selection())} modules were tried"
    last = max((entry.date for entry in entries.values()), default="never")
    survive = f"{total - killed} survive, {explained} of them with a reason"
    return f"{tried}, the last on {last}: killed {killed} of {total} mutants; {survive}."


def state(page: Path = PAGE, path: Path = LEDGER) -> None:
    """Bring the page that tells readers how far it has come up to date."""
    page.write_text(_STATEMENT.sub(closing_line(path), page.read_text()))
