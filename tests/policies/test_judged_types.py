import importlib.util
import re
from pathlib import Path

import pytest

from tests.policies.judged import record
from todo_policies import resource_types
from todo_policies.judged_types import TYPES_JUDGED

REFUSED = sorted(TYPES_JUDGED.resource_types)
OLDER = re.compile(r"aws:(alb|elb)/")
SECOND = re.compile(r"V2\b|(Attachment)sExclusive\b")


def classes() -> dict[str, str]:
    """The provider's types as it registers them, each with its class."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec
    assert spec.origin
    registered = Path(spec.origin).read_text()
    found = re.findall(r'"(aws:(\w+)/\w+:\w+)": "(\w+)"', registered)
    return {type_: f"aws.{module}.{name}" for type_, module, name in found}


PROVIDERS = classes()
JUDGED = {value for name, value in vars(resource_types).items() if name in resource_types.__all__}


@pytest.mark.parametrize("environment", ["prod", "dev", "local"])
def test_the_programs_own_types_pass(environment: str) -> None:
    assert record(environment).judge(TYPES_JUDGED) == []


@pytest.mark.parametrize("type_", REFUSED)
def test_a_type_that_no_rule_looks_into_is_refused_with_the_one_to_use(type_: str) -> None:
    stack = record()
    added = stack.add(type_, {})
    [problem] = stack.judge(TYPES_JUDGED)
    assert problem.startswith(f"{added.name}: no rule looks into its type {type_}; make it with ")
    assert problem.rpartition(" ")[2].rstrip(".") in PROVIDERS.values()


@pytest.mark.parametrize("type_", REFUSED)
def test_the_provider_has_each_such_type_and_no_rule_knows_it(type_: str) -> None:
    assert type_ in PROVIDERS
    assert type_ not in JUDGED


def test_every_older_name_of_a_type_that_rules_know_is_refused() -> None:
    older = {type_ for type_ in PROVIDERS if OLDER.match(type_)}
    second = {type_ for type_ in PROVIDERS if SECOND.sub(r"\1", type_) in JUDGED - {type_}}
    assert min(len(older), len(second)) > len(("role", "group", "user"))
    assert older | second <= TYPES_JUDGED.resource_types
