"""The pack judges a restored database as it does the first: AWS itself would make it unsafe."""

import pytest

from tests.policies.judged import GONE, Judged, record
from todo_policies import RULES
from todo_policies.database_accounts import DATABASE_CREDENTIALS_MANAGED
from todo_policies.database_exposure import DATABASE_NOT_PUBLIC, DATABASE_PRIVATE_SUBNETS
from todo_policies.database_recovery import DATABASE_DELETION_PROTECTION
from todo_policies.database_storage import STORAGE_ENCRYPTION
from todo_policies.database_tls import DATABASE_TLS_REQUIRED, DATABASE_TLS_VERSION
from todo_policies.rule import Rule

INSTANCE, RESTORED = "aws:rds/instance:Instance", "database-r20261129"
SOURCES = [{"time": "2026-11-29T07:59:31Z"}, {"snapshot": "before"}]


@pytest.fixture(params=SOURCES, ids=["moment", "snapshot"])
def stack(request: pytest.FixtureRequest) -> Judged:
    return record("prod", databaseOperations={"restore": {"name": "r20261129", **request.param}})


def test_a_restore_breaks_no_rule(stack: Judged) -> None:
    assert {rule.name: said for rule in RULES if (said := stack.judge(rule))} == {}


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        # What RDS gives a restored instance that names none.
        (DATABASE_TLS_REQUIRED, "parameterGroupName", "default.mysql8.4"),
        (DATABASE_TLS_REQUIRED, "parameterGroupName", GONE),
        (DATABASE_NOT_PUBLIC, "publiclyAccessible", True),
        (DATABASE_NOT_PUBLIC, "publiclyAccessible", GONE),
        (DATABASE_PRIVATE_SUBNETS, "dbSubnetGroupName", GONE),
        (STORAGE_ENCRYPTION, "kmsKeyId", GONE),
        (STORAGE_ENCRYPTION, "storageEncrypted", False),
        (DATABASE_CREDENTIALS_MANAGED, "manageMasterUserPassword", GONE),
        (DATABASE_DELETION_PROTECTION, "deletionProtection", False),
    ],
)
def test_what_is_less_safe_than_the_first_is_refused(
    stack: Judged, rule: Rule, path: str, value: object
) -> None:
    changed = stack.change(INSTANCE, path, value, RESTORED)
    if path in ("parameterGroupName", "dbSubnetGroupName"):
        changed.sources.pop(path, None)
    assert stack.judge(rule) != []


def test_its_group_is_judged_before_its_name_is_known(stack: Judged) -> None:
    first, restored = stack.of(INSTANCE), stack.of(INSTANCE, RESTORED)
    for database in (first, restored):
        stack.make_unknown(database, "parameterGroupName")
    assert stack.judge(DATABASE_TLS_REQUIRED) == stack.judge(DATABASE_TLS_VERSION) == []
    del restored.sources["parameterGroupName"]
    (said,) = stack.judge(DATABASE_TLS_REQUIRED)
    assert RESTORED in said
