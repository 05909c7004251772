import json
from pathlib import Path
from typing import Any

import pytest

from ops.report.changes import differences
from ops.report.events import read_preview
from tests.ops.report.logs import DATABASE, log, step


def containers(password: str) -> str:
    variable = {"name": "DATABASE_PASSWORD", "value": password}
    return json.dumps([{"name": "app", "environment": [variable]}])


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": "[secret]",
}


@pytest.fixture
def change(tmp_path: Path) -> Any:  # noqa: ANN401 - a function
    def shown(key: str, before: object, after: object) -> list[tuple[str, str, str]]:
        old, new = ({} if one is None else {key: one} for one in (before, after))
        path = log(tmp_path / "log", step("update", DATABASE, old, new, diffs=[key]))
        found = [one for s in read_preview(path).steps for one in differences(s)]
        return [(one.path, one.before, one.after) for one in found]

    return shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (1, 2, [("size", "1", "2")]),
        (False, True, [("size", "false", "true")]),
        (None, "b", [("size", "not set", "b")]),
        ("a", None, [("size", "a", "not set")]),
        ("a", "", [("size", "a", '""')]),
        ("a", UNKNOWN, [("size", "a", "unknown until the update")]),
        (["a"], ["a", "b"], [("size", '["a"]', '["a", "b"]')]),
        ({"a": 1, "b": 1}, {"a": 2, "b": 1}, [("size.a", "1", "2")]),
        ({"a/b": 1}, {}, [("size[a/b]", "1", "not set")]),
        ([{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 3}], [("size[1].x", "2", "3")]),
        ("a", "a", []),
    ],
)
def test_a_change_is_shown_where_it_is(
    change: Any,  # noqa: ANN401
    before: object,
    after: object,
    shown: list[tuple[str, str, str]],
) -> None:
    assert change("size", before, after) == shown


def test_members_of_a_list_are_known_by_their_name(change: Any) -> None:  # noqa: ANN401
    before = [{"name": "tls", "value": "1"}, {"name": "other", "value": "x"}]
    after = [{"name": "new", "value": "y"}, before[1], {"name": "tls", "value": "0"}]
    assert change("parameters", before, after) == [
        ("parameters[new]", "not set", "y"),
        ("parameters[tls]", "1", "0"),
    ]


def test_documents_inside_a_text_are_read(change: Any) -> None:  # noqa: ANN401
    before = json.dumps({"Statement": [{"Sid": "Read", "Action": "s3:Get"}]})
    after = json.dumps({"Statement": [{"Action": "s3:*", "Sid": "Read"}]})
    assert change("policy", before, after) == [("policy.Statement[Read].Action", "s3:Get", "s3:*")]
    assert change("policy", before, before.replace(": ", ":")) == []


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("password", SECRET, SECRET),
        ("anything", SECRET, SECRET),
        ("masterPassword", "hunter2", "hunter3"),
        ("apiKey", "hunter2", "hunter3"),
    ],
)
def test_a_secret_is_never_shown(change: Any, key: str, before: object, after: object) -> None:  # noqa: ANN401
    assert change(key, before, after) == [(key, "a secret", "another secret")]


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("settings", None, {"dbPassword": "hunter2"}),
        ("settings", {"deep": [{"token": "hunter2"}]}, {"deep": 1}),
        ("containerDefinitions", "[]", containers("hunter2")),
        ("containerDefinitions", containers("hunter1"), containers("hunter2")),
        ("command", ["run"], ["run", "--password=hunter2"]),
        ("command", "run", "run --password hunter2"),
        ("url", "x", "mysql://root:hunter2@host/todo"),
        ("value", SECRET, "hunter2"),
    ],
)
def test_a_credential_in_a_plain_place_is_not_shown_either(
    change: Any,  # noqa: ANN401
    key: str,
    before: object,
    after: object,
) -> None:
    shown = change(key, before, after)
    assert shown
    assert "hunter" not in str(shown)


def test_what_only_names_a_secret_is_shown(change: Any) -> None:  # noqa: ANN401
    assert change("secretArn", "arn:a", "arn:b") == [("secretArn", "arn:a", "arn:b")]
    assert change("masterUserSecretKmsKeyId", "a", "b")[0][1:] == ("a", "b")


def test_a_property_that_the_provider_chose_is_compared_with_its_answer(
    tmp_path: Path,
) -> None:
    event = step("update", DATABASE, {}, {"az": "b"}, diffs=["az"])
    event["resourcePreEvent"]["metadata"]["old"]["outputs"] = {"az": "a"}
    (found,) = differences(read_preview(log(tmp_path / "log", event)).steps[0])
    assert (found.before, found.after) == ("a", "b")


def test_a_replacement_without_a_visible_reason_names_the_property(tmp_path: Path) -> None:
    event = step("replace", DATABASE, {"az": "a"}, {"az": "a"}, keys=["az"])
    (found,) = differences(read_preview(log(tmp_path / "log", event)).steps[0])
    assert found.replaces
    assert (found.path, found.after) == ("az", "unknown until the update")
