"""Prints the rules as a table; with `--write`, brings README and schema up to it."""

import json
import sys
from pathlib import Path

from todo_policies import RULES
from todo_policies.pack_config import config_schema
from todo_policies.table import replace_table, rule_table


def _write(pack: Path) -> None:
    readme, schema = pack / "README.md", pack / "config" / "schema.json"
    readme.write_text(replace_table(readme.read_text(), rule_table(RULES)))
    schema.write_text(json.dumps(config_schema(RULES), indent=2) + "\n")


if sys.argv[1:] == ["--write"]:
    _write(Path(__file__).parents[1])
elif sys.argv[1:]:
    sys.exit(f"{' '.join(sys.argv[1:])} is unknown: --write is allowed, or nothing.")
else:
    print(rule_table(RULES))
