"""`make mutate-policies`: change the pack's code line by line, and see whether its tests notice.

Modules whose code and tests are as they were when `results.json` was written are not tried again
(`--again` does); their survivors are only read again, as explained.toml may have changed.
"""

import argparse
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.policies.mutate import ledger
from tests.policies.mutate.results import Results, forget_survivors, read
from tests.policies.mutate.workspace import ROOT, fill, fingerprint, selection

_DONE = (0, -signal.SIGSEGV)  # gRPC may crash it at its very end, after the last verdict
_WORKSPACES = ROOT / ".local" / "mutate-policies"


def main() -> int:
    """Run mutmut over the pack's modules, one after the other, and report who survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules of the pack, such as reachability")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs found out")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.modules) - set(selection())):
        print(f"No such module: {', '.join(unknown)}. There are: {', '.join(selection())}.")
        return 2
    modules = arguments.modules or [
        module for module in selection() if arguments.again or not ledger.is_current(module)
    ]
    passed = [
        _try(module, again=arguments.again, processes=arguments.processes) for module in modules
    ]
    left = [module for module in selection() if not ledger.is_current(module)]
    if left:
        print(f"To be tried, or tried again: {', '.join(left)}.")
    print(ledger.closing_line())
    return 0 if all(passed) else 1


def _try(module: str, *, again: bool, processes: int) -> bool:
    workspace = _WORKSPACES / module
    if again:
        shutil.rmtree(workspace, ignore_errors=True)
    of = fingerprint(module)
    problem = None
    if of != ledger.tried(module) or not (workspace / "mutants").exists():
        fill(workspace, module)
        forget_survivors(workspace, module)
        # Which test runs which function is found out anew: mutmut itself looks at new tests only.
        (workspace / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
        problem = _run(workspace, processes)
    if problem is None:
        results = read(workspace, module)
        problem = f"{results.unchecked} mutants were not tried" if results.unchecked else None
    if problem is not None:
        print(f"{module}: {problem}", file=sys.stderr)
        return False
    ledger.save(module, results, of)
    ledger.state()
    return _report(module, results)


def _run(workspace: Path, processes: int) -> str | None:
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    command = [mutmut, "run", "--max-children", str(processes)]
    log = workspace / "mutmut.log"
    with log.open("wb") as out:
        code = subprocess.run(
            command, cwd=workspace, check=False, stdout=out, stderr=subprocess.STDOUT
        ).returncode
    if code in _DONE:
        return None
    lines = log.read_text().replace("\r", "\n").splitlines()
    return "\n".join([f"mutmut itself failed ({code}), {log} says:", *lines[-30:]])


def _report(module: str, results: Results) -> bool:
    print(f"{module}: killed {results.killed} of {results.total}", flush=True)
    for one in results.survivors:
        print(
            f"  survives  {one.change}\n            {one.reason or 'WITHOUT A REASON'}", flush=True
        )
    for glob in results.unused:
        print(f"  explained.toml explains what does not survive: {glob}", flush=True)
    return not results.unexplained and not results.unused


if __name__ == "__main__":
    sys.exit(main())
