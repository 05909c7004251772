"""The project's own program, run as often within one stack as config `bench:times` says."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pulumi

program = Path(pulumi.get_root_directory()) / "pulumi"
sys.path.insert(0, str(program))

from todo_infra import naming  # noqa: E402 - the path above is what it is found by

name_prefix = naming.name_prefix


def numbered(number: int) -> Callable[[str, str], str]:
    """Names of one's own for each time."""
    return lambda project, stack: name_prefix(project, f"{stack}{number}")


for number in range(pulumi.Config("bench").require_int("times")):
    naming.name_prefix = numbered(number)  # type: ignore[assignment]
    runpy.run_path(str(program / "__main__.py"))
