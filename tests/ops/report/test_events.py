from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.report.events import Violation, read_preview
from tests.ops.report.logs import DATABASE, log, step, urn, violation


def error(message: str, severity: str = "error") -> dict[str, object]:
    return {"diagnosticEvent": {"severity": severity, "message": f"{message}\n"}}


def test_a_preview_names_its_stack_its_config_and_its_packs(tmp_path: Path) -> None:
    preview = read_preview(log(tmp_path / "log", config={"todo:x": "1"}))
    assert (preview.stack, preview.config, preview.packs) == ("prod", {"todo:x": "1"}, ("todo",))
    assert preview.succeeded


def test_the_steps_of_one_replacement_are_one(tmp_path: Path) -> None:
    old, new = {"username": "a"}, {"username": "b"}
    replacing = {"keys": ["username"], "diffs": ["username", "port"]}
    preview = read_preview(
        log(
            tmp_path / "log",
            step("create-replacement", DATABASE, old, new, **replacing),
            step("replace", DATABASE, old, new, **replacing),
            step("delete-replaced", DATABASE, old, None),
        )
    )
    (found,) = [one for one in preview.steps if one.type == DATABASE]
    assert found.op == "replace"
    assert found.replacing == ("username",)
    assert found.differing == ("port", "username")
    assert found.new is not None


def test_the_details_of_an_official_provider_are_read_too(tmp_path: Path) -> None:
    details = {
        "tags.team": {"diffKind": "update", "inputDiff": True},
        "username": {"diffKind": "update-replace"},
    }
    preview = read_preview(
        log(tmp_path / "log", step("replace", DATABASE, {}, {}, detailedDiff=details))
    )
    found = preview.steps[0]
    assert (found.differing, found.replacing) == (("tags", "username"), ("username",))


def test_what_is_only_read_is_no_step(tmp_path: Path) -> None:
    preview = read_preview(log(tmp_path / "log", step("read", DATABASE, None, {})))
    assert [one.type for one in preview.steps] == ["pulumi:pulumi:Stack"]


def test_a_violation_is_parted_from_its_rules_description(tmp_path: Path) -> None:
    (found,) = read_preview(log(tmp_path / "log", violation("tls"), violation("tls"))).violations
    assert found == Violation(
        rule="tls",
        level="mandatory",
        severity="high",
        urn=urn(DATABASE),
        problem="it: is wrong.",
        fix="Mend it.",
    )


def test_errors_and_warnings_are_kept_and_told_once(tmp_path: Path) -> None:
    events = (*[error("no such key")] * 2, error("old", "warning"), error("x", "info"))
    preview = read_preview(log(tmp_path / "log", *events, error("preview failed"), result="failed"))
    assert (preview.errors, preview.warnings) == (("no such key",), ("old",))
    assert not preview.succeeded


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\x0c"])
def test_what_may_stand_within_a_text_ends_no_line(tmp_path: Path, end: str) -> None:
    path = log(tmp_path / "log", error("first X second"))
    # The engine escapes some of them only, and JSON wants none escaped but the last.
    path.write_text(path.read_text().replace("X", end if end != "\x0c" else "\\f"))
    assert read_preview(path).errors == (f"first {end} second",)


def test_a_log_that_breaks_off_is_no_success(tmp_path: Path) -> None:
    path = log(tmp_path / "log")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-2]) + '\n{"sequence": 9, "resou')
    preview = read_preview(path)
    assert preview.stack == "prod"
    assert not preview.succeeded


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: the preview ended before it began"),
        ('{"steps": []}', r"log:1 is no engine event\. .*`make preview STACK=prod EVENTS=FILE`"),
        ("[]\n[]", "log:1 is no engine event"),
        ("nonsense", "log:1 is no engine event"),
    ],
)
def test_what_is_no_event_log_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(OpsError, match=message):
        read_preview(path)


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="none cannot be read"):
        read_preview(tmp_path / "none")
