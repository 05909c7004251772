import pytest

from tests.infra.recorder import OWN_MASTER
from tests.policies.judged import UNKNOWN, Judged, record
from todo_policies.database_engine import DATABASE_ENGINE_FITS

INSTANCE, GROUP = "aws:rds/instance:Instance", "aws:rds/parameterGroup:ParameterGroup"


@pytest.fixture
def stack() -> Judged:
    return record("prod", database={"readReplicas": 1}, databaseOperations=OWN_MASTER)


def said(stack: Judged) -> list[str]:
    return stack.judge(DATABASE_ENGINE_FITS)


@pytest.mark.parametrize("name", ["prod", "dev", "local"])
def test_the_programs_own_databases_fit(name: str) -> None:
    assert said(record(name)) == []


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("mysql", "8.4", "mysql8.4"),
        ("mysql", "8.4.7", "mysql8.4"),
        ("mariadb", "11.4.5", "mariadb11.4"),
        ("postgres", "17.6", "postgres17"),
        ("postgres", "17", "postgres17"),
    ],
)
def test_a_group_of_the_engine_and_version_fits(
    stack: Judged, engine: str, version: str, family: str
) -> None:
    stack.of(INSTANCE).inputs.update({"engine": engine, "engineVersion": version})
    stack.of(GROUP).inputs["family"] = family
    assert said(stack) == []


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("mariadb", "8.4", "mysql8.4"),
        ("mysql", "8.0.42", "mysql8.4"),
        ("mysql", "8.4", "mysql8.0"),
        ("mysql", "8", "mysql8.4"),
        ("postgres", "16.9", "postgres17"),
        ("postgres", "8.4", "mysql8.4"),
    ],
)
def test_a_group_of_another_engine_or_version_does_not(
    stack: Judged, engine: str, version: str, family: str
) -> None:
    database = stack.of(INSTANCE)
    database.inputs.update({"engine": engine, "engineVersion": version})
    stack.of(GROUP).inputs["family"] = family
    assert said(stack) == [
        (
            f"{database.name}: it runs {engine} {version}, "
            f"but its parameter group todo-prod-database is of family {family}."
        )
    ]


@pytest.mark.parametrize("version", [None, ""])
def test_the_version_is_named(stack: Judged, version: str | None) -> None:
    stack.of(INSTANCE).inputs["engineVersion"] = version
    assert said(stack) == [
        "todo-prod-database: engineVersion is not set, so AWS's default applies, which changes."
    ]


def test_an_unknown_version_fits_no_group(stack: Judged) -> None:
    stack.of(INSTANCE).inputs["engineVersion"] = UNKNOWN
    [problem] = said(stack)
    assert "engineVersion is unknown" in problem


def test_a_group_without_a_family_does_not_fit(stack: Judged) -> None:
    del stack.of(GROUP).inputs["family"]
    [problem] = said(stack)
    assert problem.endswith("is of family not set.")


def test_a_replica_that_names_an_engine_is_judged(stack: Judged) -> None:
    stack.of(INSTANCE, "replica").inputs.update({"engine": "mysql", "engineVersion": "8.0"})
    [problem] = said(stack)
    assert problem.startswith("todo-prod-database-replica-1: it runs mysql 8.0")


def test_a_replica_whose_engine_the_update_will_know_is_its_sources(stack: Judged) -> None:
    unknown = {"engine": UNKNOWN, "engineVersion": UNKNOWN}
    stack.of(INSTANCE, "replica").inputs.update(unknown)
    assert said(stack) == []
