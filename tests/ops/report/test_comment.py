from pathlib import Path
from typing import Any

import pytest

from ops.report.comment import Report, StackReport, comment
from ops.report.events import read_preview
from ops.report.text import LIMIT, MARKER, bounded, code, defused, plain
from ops.report.verdict import Verdict
from tests.ops.report.logs import DATABASE, log, step, violation

SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
KEY = "aws:kms/key:Key"
REPLACED: dict[str, Any] = {"keys": ["username"], "diffs": ["username", "instanceClass"]}
OLD = {"username": "a", "instanceClass": "small", "skipFinalSnapshot": False}
NEW = OLD | {"username": "b", "instanceClass": "large"}


@pytest.fixture
def written(tmp_path: Path) -> Any:  # noqa: ANN401 - a function
    def write(*events: dict[str, Any], result: str = "succeeded", **members: Any) -> str:  # noqa: ANN401
        path = log(tmp_path / "log", *events, result=result)
        stack = StackReport(preview=read_preview(path), capacity=members.pop("capacity", ()))
        return comment(Report(stacks=(stack,), **members))

    return write


def line_of(text: str, part: str) -> int:
    (found,) = [number for number, line in enumerate(text.splitlines()) if part in line]
    return found


def test_nothing_to_do_is_said_in_few_words(written: Any) -> None:  # noqa: ANN401
    assert written() == (
        f"{MARKER}\n## ✅ Infrastructure: no changes\n\n- **prod**: nothing changes\n\n### prod\n\n"
        "#### Policies\n\n- ✅ No mandatory rule is broken.\n"
    )


def test_a_replaced_database_comes_first_and_loud(written: Any) -> None:  # noqa: ANN401
    text = written(
        step("update", SERVICE, {"a": 1}, {"a": 2}, diffs=["a"]),
        step("delete", "aws:lb/loadBalancer:LoadBalancer", {}, None),
        step("replace", DATABASE, OLD, NEW, **REPLACED),
    )
    assert "## ⚠️ Infrastructure: 2 resources replaced, deleted or unprotected" in text
    assert line_of(text, "[!CAUTION]") < line_of(text, "is REPLACED") < line_of(text, "is DELETED")
    assert line_of(text, "is DELETED") < line_of(text, "#### What changes")
    assert "**The database `todo-prod-it` is REPLACED.** A new, **empty** database" in text
    assert "Nothing protects it" in text
    assert ">   - username: `a` → `b` **(replaces)**" in text
    assert line_of(text, "username") < line_of(text, "instance class")


@pytest.mark.parametrize(
    ("inputs", "flags", "said"),
    [
        ({"skipFinalSnapshot": True}, {}, "**All data in it is lost**: no final snapshot"),
        ({"skipFinalSnapshot": False}, {}, "in a final snapshot only"),
        ({"replicateSourceDb": "x"}, {}, "no data is lost"),
        ({"deletionProtection": True}, {}, "AWS's deletion protection still refuses it."),
        (
            {"deletionProtection": True},
            {"protect": True},
            "`protect` and AWS's deletion protection",
        ),
        ({}, {"retainOnDelete": True}, "It stays at AWS"),
    ],
)
def test_what_is_lost_with_a_database_is_said(
    written: Any,  # noqa: ANN401
    inputs: dict[str, Any],
    flags: dict[str, Any],
    said: str,
) -> None:
    assert said in written(step("delete", DATABASE, inputs, None, **flags))


def test_a_key_says_until_when_its_deletion_can_be_taken_back(written: Any) -> None:  # noqa: ANN401
    text = written(step("delete", KEY, {"deletionWindowInDays": 7}, None))
    assert "Everything it encrypted, backups included, can be read no more after 7 days" in text


def test_taking_off_protection_is_loud(written: Any) -> None:  # noqa: ANN401
    text = written(step("same", DATABASE, {}, {}, protect=True, unprotected=True))
    assert "The database `todo-prod-it` loses its protection (`protect`)." in text
    assert "nothing of Pulumi's keeps it from being deleted" in text


def test_a_new_version_of_a_task_is_no_alarm(written: Any) -> None:  # noqa: ANN401
    text = written(step("replace", TASK, {"cpu": "256"}, {"cpu": "512"}, keys=["cpu"]))
    assert "## ✅ Infrastructure: 1 change\n" in text
    assert "- **task definition `todo-prod-it`**, in a new version\n  - cpu: `256` → `512`" in text


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"maintenanceWindow": "sun:05:00-sun:06:00", "multiAz": True},
            "in the maintenance window (sun:05:00-sun:06:00), with a failover of about a minute.",
        ),
        ({"applyImmediately": True}, "at once, with a restart of some minutes."),
    ],
)
def test_a_new_class_of_database_says_when_it_takes_effect(
    written: Any,  # noqa: ANN401
    inputs: dict[str, Any],
    said: str,
) -> None:
    old, new = inputs | {"instanceClass": "a"}, inputs | {"instanceClass": "b"}
    text = written(step("update", DATABASE, old, new, diffs=["instanceClass"]))
    assert f"instance class: `a` → `b`\n  - Takes effect {said}" in text


def test_components_are_not_told(written: Any) -> None:  # noqa: ANN401
    assert "no changes" in written(step("create", "todo:index:Database", None, {}))


def test_many_new_resources_are_folded(written: Any) -> None:  # noqa: ANN401
    few = written(*(step("create", SERVICE, None, {}, name=f"n{n}") for n in range(8)))
    assert "#### 8 new resources\n\n- service `n0`" in few
    many = written(*(step("create", SERVICE, None, {}, name=f"n{n}") for n in range(9)))
    assert "<details><summary>9 new resources</summary>\n\n- service `n0`" in many


def test_a_broken_rule_stops_the_reader_before_the_changes(written: Any) -> None:  # noqa: ANN401
    text = written(
        step("update", SERVICE, {"a": 1}, {"a": 2}, diffs=["a"]),
        violation("tls-required"),
        violation("old-class", "advisory"),
        violation("waivers", "advisory", "Waivers.\nx: tls is waived (team).\nWaived: it"),
        violation("waivers", "advisory", "Waivers.\ntls: the waiver of y matches nothing (team)."),
        result="failed",
    )
    assert "## ⛔ Infrastructure: 1 policy violation, cannot be deployed" in text
    assert line_of(text, "⛔ **tls-required** (high): it: is wrong.") < line_of(
        text, "**Fix**: Mend"
    )
    assert line_of(text, "**Fix**: Mend it.") < line_of(text, "#### What changes")
    assert "- ⚠️ old-class (advisory): it: is wrong." in text
    assert "- 🔓 Waiver in force: x: tls is waived (team). Waived: it" in text
    assert "- ⚠️ Waiver: tls: the waiver of y matches nothing (team)." in text
    assert "No mandatory rule" not in text


def test_rules_that_wait_for_values_are_one_line(written: Any) -> None:  # noqa: ANN401
    unknown = "can't run policy 'x' from policy pack 'todo@v0.0.1' during preview: string value at "
    text = written(
        *(
            violation(rule, "advisory", f"{unknown}.a can't be known during preview")
            for rule in "bab"
        ),
        violation("old-class", "advisory"),
    )
    assert "as values are not known yet: a, b\n" in text
    assert "can't run policy" not in text
    assert "old-class (advisory)" in text


def test_a_preview_that_failed_says_why_and_is_no_clean_bill(written: Any) -> None:  # noqa: ANN401
    failure = {"severity": "error", "message": "todo:capacity.maxTasks is 'lots'\nAllowed: 1 to 5"}
    text = written({"diagnosticEvent": failure}, result="failed")
    assert "## ⛔ Infrastructure: the preview failed" in text
    assert "> todo:capacity.maxTasks is 'lots'  \n> Allowed: 1 to 5" in text
    assert "No mandatory rule is broken" not in text
    assert "did not run: the preview broke off" in text


def test_a_preview_without_a_pack_is_no_clean_bill(tmp_path: Path) -> None:
    path = log(tmp_path / "log")
    path.write_text(path.read_text().replace('"PolicyPacks"', '"Other"'))
    stack = StackReport(preview=read_preview(path))
    assert "- ⚠️ No policy pack was run." in comment(Report(stacks=(stack,)))


def test_capacity_review_and_checks_have_their_places(written: Any) -> None:  # noqa: ANN401
    text = written(
        capacity=("- tasks: 2 → 4", "- cost: 100 → 150 USD"),
        ownership=Verdict(product_only=True, line="product-owned keys only"),
        checks=(("lint", "success"), ("unit tests", "failure"), ("preview", "skipped")),
    )
    assert "#### Capacity and monthly cost\n\n- tasks: 2 → 4\n- cost: 100 → 150 USD\n" in text
    assert "- **Review**: product-owned keys only\n- **Checks**: 1 of 3 passed" in text
    assert text.endswith(
        "### Checks that did not pass\n\n- unit tests: failure\n- preview: skipped\n"
    )


def test_text_from_a_change_stays_text(written: Any) -> None:  # noqa: ANN401
    nasty = "`</details> @team ![x](http://evil) <img src=x>"
    text = written(
        step("update", SERVICE, {"a": 1}, {"a": nasty}, diffs=["a"], name="n`<b>"),
        violation("rule", "advisory", f"Why.\n{nasty}\nFix: {nasty}"),
    )
    outside = [line for line in text.splitlines() if "a: `1`" not in line and "n`" not in line]
    assert "<img" not in str(outside)
    assert "@team" not in str(outside)
    assert "![x]" not in str(outside)
    assert "`` `</details> @team" in text, "as code it is shown as it is"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a\n b", "`a b`"),
        ("", "` `"),
        ("x" * 121, f"`{'x' * 119}…`"),
    ],
)
def test_code_holds_whatever_it_is(value: str, shown: str) -> None:
    assert code(value) == shown


def test_plain_text_has_no_markup() -> None:
    assert plain("a_b *c* [d](http://e) _f_ <g> #1") == (
        "a_b \\*c\\* \\[d\\](http:\u200b//e) \\_f\\_ &lt;g&gt; \\#1"
    )


def test_a_comment_is_never_longer_than_the_platform_allows(written: Any) -> None:  # noqa: ANN401
    events = [step("create", SERVICE, None, {}, name=f"{n:05}-{'x' * 90}") for n in range(900)]
    text = written(*events)
    assert len(text) <= LIMIT
    assert text.count("<details>") == text.count("</details>") == 1
    assert text.endswith("the job has the whole report.*\n")
    assert bounded("short") == "short"


def test_the_same_log_gives_the_same_comment(written: Any) -> None:  # noqa: ANN401
    events = [
        step("update", SERVICE, {"b": 1, "a": 1}, {"a": 2, "b": 2}, diffs=["b", "a"], name=f"n{n}")
        for n in range(3)
    ]
    assert written(*events) == written(*reversed(events))


def test_anothers_comment_is_posted_without_its_teeth() -> None:
    text = defused("hello @team ![](http://x/y.png) <script> <!-- todo:other --> <details>\0")
    assert text.startswith(f"{MARKER}\nhello @\u200bteam !\u200b[](")
    assert "&lt;script>" in text
    assert "<!-- todo:other" not in text
    assert "<details>" in text
    assert "\0" not in text
    assert defused(text) == text, "twice is once"
    assert len(defused("x\n" * LIMIT)) <= LIMIT
