"""Prints the rules as the table of the README; with `--schema`, the configuration's schema."""

import json
import sys

from todo_policies import RULES
from todo_policies.pack_config import config_schema
from todo_policies.table import rule_table

if sys.argv[1:] == ["--schema"]:
    print(json.dumps(config_schema(RULES), indent=2))
else:
    print(rule_table(RULES))
