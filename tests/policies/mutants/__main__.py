"""`make mutants`: what survives, and how many were stopped, in one line."""

import sys

from tests.policies.mutants.trial import hold


def main() -> int:
    """Print the survivors and their reasons, what is wrong, and the closing line."""
    trial = hold()
    for one in trial.survivors:
        print(f"  survives  {one.name}: {one.reason or 'WITHOUT A REASON'}")
    problems = list(trial.problems())
    for problem in problems:
        print(f"  ✗ {problem}", file=sys.stderr)
    print(trial.closing_line())
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
