"""`make mutate-policies`: change the pack's code line by line, and see whether its tests notice."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tests.policies.mutate.results import read
from tests.policies.mutate.workspace import ROOT, fill

_WORKSPACE = ROOT / ".local" / "mutate-policies"


def main() -> int:
    """Run mutmut over the whole pack or some of its modules, and report who survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="module of the pack, such as reachability")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs found out")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.again:
        shutil.rmtree(_WORKSPACE, ignore_errors=True)
    fill(_WORKSPACE)
    names = [f"todo_policies.{module}.*" for module in arguments.modules]
    command = [_mutmut(), "run", "--max-children", str(arguments.processes), *names]
    code = subprocess.run(command, cwd=_WORKSPACE, check=False).returncode
    if code != 0:
        print(f"mutmut itself failed ({code}): see above.", file=sys.stderr)
        return code
    results = read(_WORKSPACE)
    for one in results.survivors:
        print(f"  survives  {one.change}\n            {one.reason or 'WITHOUT A REASON'}")
    for glob in results.unused if not names else ():
        print(f"  explained.toml explains what no longer survives: {glob}")
    print(results.closing_line())
    return 1 if results.unexplained or (results.unused and not names) else 0


def _mutmut() -> str:
    return str(Path(sys.executable).with_name("mutmut"))


if __name__ == "__main__":
    sys.exit(main())
