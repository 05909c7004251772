from pathlib import Path
from typing import Any

from ops.report.compare import compare
from ops.report.events import Step, read_preview
from tests.ops.report.logs import DATABASE, log, step, violation

Json = dict[str, Any]
SERVICE = "aws:ecs/service:Service"


def compared(
    folder: Path, before: list[Json], after: list[Json], result: str = "succeeded"
) -> list[Step]:
    old = read_preview(log(folder / "old", *before))
    new = read_preview(log(folder / "new", *after, result=result))
    return [one for one in compare(old, new).steps if one.type != "pulumi:pulumi:Stack"]


def created(resource_type: str, **inputs: object) -> Json:
    return step("create", resource_type, None, inputs)


def test_only_what_differs_changes(tmp_path: Path) -> None:
    before = [created(SERVICE, count=1, size=1), created(DATABASE, port=1)]
    after = [created(SERVICE, count=2, size=1), created(DATABASE, port=1)]
    found = {one.type: one for one in compared(tmp_path, before, after)}
    assert (found[SERVICE].op, found[SERVICE].differing) == ("update", ("count",))
    assert found[DATABASE].op == "same"


def test_names_that_are_generated_are_no_difference(tmp_path: Path) -> None:
    (found,) = compared(
        tmp_path,
        [created(SERVICE, name="todo-1a2b3c4", __defaults=["name"])],
        [created(SERVICE, name="todo-fedcba9", __defaults=[])],
    )
    assert found.op == "same"


def test_what_is_new_and_what_goes_is_told(tmp_path: Path) -> None:
    found = compared(tmp_path, [created(DATABASE, port=1)], [created(SERVICE, count=1)])
    assert {one.type: one.op for one in found} == {SERVICE: "create", DATABASE: "delete"}
    gone = next(one for one in found if one.op == "delete")
    assert gone.old is not None
    assert gone.old.inputs == {"port": 1}


def test_a_change_that_needs_a_new_database_is_a_replacement(tmp_path: Path) -> None:
    (found,) = compared(
        tmp_path,
        [created(DATABASE, username="a", port=1)],
        [created(DATABASE, username="b", port=2)],
    )
    assert (found.op, found.replacing) == ("replace", ("username",))


def test_a_preview_that_broke_off_deletes_nothing(tmp_path: Path) -> None:
    failure = {"diagnosticEvent": {"severity": "error", "message": "bad key"}}
    found = compared(tmp_path, [created(DATABASE)], [failure], result="failed")
    assert found == []


def test_a_broken_rule_breaks_nothing_off(tmp_path: Path) -> None:
    (found,) = compared(tmp_path, [created(DATABASE)], [violation("tls")], result="failed")
    assert found.op == "delete"


def test_a_log_without_an_end_deletes_nothing(tmp_path: Path) -> None:
    assert compared(tmp_path, [created(DATABASE)], [], result="failed") == []
