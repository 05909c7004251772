"""The policy pack that `--policy-pack policies` runs."""

from todo_policies import RULES
from todo_policies.server import serve

serve(RULES)
