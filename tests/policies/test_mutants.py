"""The mutation test of the stacks, and that what nobody has to stop is not stopped."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.recorder import OWN_MASTER
from tests.policies.mutants.database_path import on_database_path
from tests.policies.mutants.generate import mutants_of
from tests.policies.mutants.judge import Judge
from tests.policies.mutants.recordings import DOMAIN, EVERYTHING, record, told
from tests.policies.mutants.stack import in_first_preview
from tests.policies.mutants.tables import IRRELEVANT, Reasons
from tests.policies.mutants.trial import Trial, hold

Changes = Mapping[str, Mapping[str, Any]]
OPTIONS: dict[str, Changes] = {
    "as it is": {},
    "with everything": EVERYTHING,
    "proxy": {"databaseOperations": {"proxy": True}},
    "replicas": {
        "database": {"readReplicas": 2},
        "databaseOperations": OWN_MASTER,
    },
    "domain": {"loadBalancer": DOMAIN},
    "rotation": {"secrets": {"rotationDays": 30}},
    "budget": {"observability": {"monthlyBudgetUsd": 500}},
    "spot": {"deployment": {"spotPercent": 50}},
    "arm64": {"image": {"platform": "linux/arm64"}},
    "no trail": {"audit": {"trail": False}},
}
OTHER_CERTIFICATE = (
    "arn:aws:acm:eu-west-1:111122223333:certificate/87654321-4321-4321-4321-210987654321"
)
BENIGN: dict[str, Changes] = {
    "more tasks": {"capacity": {"peakRequestsPerSecond": 9000}},
    "larger database": {"database": {"size": "xlarge", "storageGiB": 500}},
    "other certificate": {"loadBalancer": {"certificateArn": OTHER_CERTIFICATE}},
    "longer retention": {"logs": {"retentionDays": 731}, "audit": {"retentionDays": 730}},
    "another address for alarms": {"observability": {"alarmEmails": ["night@example.com"]}},
    "engine of the next line": {
        "databaseOperations": {
            "engineVersion": "9.7",
            "allowMajorVersionUpgrade": True,
            "applyImmediately": True,
        }
    },
}


@pytest.fixture(scope="session")
def trial() -> Trial:
    return hold()


def test_what_makes_a_stack_less_secure_is_stopped(trial: Trial) -> None:
    assert list(trial.problems()) == []


def test_there_are_enough_mutants_to_mean_something(trial: Trial) -> None:
    on_path = [one for one in trial.results if one.on_database_path]
    assert len(on_path) >= 200
    assert len(trial.results) - len(on_path) >= 200
    assert {one.name.split()[0] for one in trial.results} == {"prod", "dev"}


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_no_option_of_prod_is_a_false_alarm(changes: Changes) -> None:
    assert Judge(record("prod", **changes), "prod", told=told(changes)).violations() == []


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_no_other_stack_is_a_false_alarm(stack: str) -> None:
    assert Judge(record(stack), stack).violations() == []


@pytest.mark.parametrize(
    ("name", "changes"), [("prod", {}), ("prod", EVERYTHING), ("dev", {}), ("local", {})]
)
def test_a_first_preview_is_no_false_alarm(name: str, changes: Changes) -> None:
    stack = record(name, **changes)
    assert Judge(stack, name, in_first_preview(stack), told(changes)).violations() == []


@pytest.mark.parametrize("changes", BENIGN.values(), ids=BENIGN)
def test_a_realistic_change_is_no_false_alarm(changes: Changes) -> None:
    changed = record("prod", **changes)
    assert changed != record("prod")
    assert Judge(changed, "prod").violations() == []


def test_a_first_preview_stops_what_it_can_see_on_the_database_path() -> None:
    stack = record("prod", **EVERYTHING)
    judge = Judge(stack, "prod", in_first_preview(stack), told(EVERYTHING))
    is_on_path = on_database_path(stack)
    survivors = [
        mutant.place
        for mutant in mutants_of(stack, Reasons(IRRELEVANT))
        if is_on_path(mutant) and judge.first_violation(mutant.change) is None
    ]
    # Texts that are unknown as a whole; the service's component shows the first part by part.
    assert {place.partition(".")[0] for place in survivors} == {
        "containerDefinitions",
        "secretString",
    }
