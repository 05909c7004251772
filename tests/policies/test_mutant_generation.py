"""The mutants themselves: what is made of which value, and what is not."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.policies.mutants.documents import wider_policies
from tests.policies.mutants.generate import Mutant, mutants_of
from tests.policies.mutants.operators import other_values
from tests.policies.mutants.places import GONE, JSON, replaced, spelled, walk
from tests.policies.mutants.stack import Resource, Stack
from tests.policies.mutants.tables import Reasons
from tests.policies.mutants.trial import Result, Trial

GROUP = Resource(type="test:Group", name="a", inputs={}, computed={"id": "a-id"})
OTHER = Resource(type="test:Group", name="b", inputs={}, computed={"id": "b-id"})


def user(**inputs: Any) -> Resource:  # noqa: ANN401 - any JSON value
    made_from = {"groups": frozenset({GROUP.key})} if "groups" in inputs else {}
    return Resource(type="test:User", name="u", inputs=inputs, sources=made_from)


def stack_of(*resources: Resource) -> Stack:
    return Stack({one.key: one for one in resources})


def mutants(
    stack: Stack, irrelevant: Mapping[str, str] | None = None, safest: Stack | None = None
) -> dict[str, Mutant]:
    reasons = Reasons({"test:Group": "", "test:User removed": "", **(irrelevant or {})})
    return {one.name: one for one in mutants_of(stack, reasons, safest)}


def inputs_of(mutant: Mutant) -> dict[str, Any]:
    changed = mutant.change.resources[mutant.resource]
    assert changed is not None
    return changed.inputs


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (True, {"to False": False}),
        (False, {"to True": True}),
        (0, {"to 2147483647": 2147483647}),
        (7, {"to 0": 0, "to 2147483647": 2147483647}),
        ("10.0.0.0/8", {"to the world": "0.0.0.0/0"}),
        ("fd00::/8", {"to the world": "::/0"}),
        ("0.0.0.0/0", {}),
        ("subnet-0bbbbbbbbbbbbbbb2", {"to a public subnet": "subnet-0aaaaaaaaaaaaaaa2"}),
        ("text", {"to another text": "other-text"}),
        ([], {}),
        ([1], {"emptied": []}),
        ({"key": 1}, {}),
        (None, {}),
        (
            "arn:aws:kms:eu-west-1:111122223333:key/1",
            {
                "to 999900001111's": "arn:aws:kms:eu-west-1:999900001111:key/1",
                "to us-east-1's": "arn:aws:kms:us-east-1:111122223333:key/1",
            },
        ),
        ("arn:aws:s3:::bucket", {}),
        ("arn:aws:x:us-east-1::y", {}),
    ],
)
def test_what_becomes_of_a_value_by_its_form(value: object, others: dict[str, object]) -> None:
    assert dict(other_values("test:User place", value)) == others


def test_a_declared_weaker_value_takes_the_others_place() -> None:
    place = "aws:lb/listener:Listener protocol"
    assert dict(other_values(place, "HTTPS")) == {"to 'HTTP'": "HTTP"}
    assert dict(other_values(place, "HTTP")) == {}


def test_every_value_is_changed_and_removed_at_its_place() -> None:
    made = mutants(stack_of(user(deep={"list": [{"name": "x", "on": True}]})))
    assert {name.removeprefix("test:User u ") for name in made} == {
        "deep removed",
        "deep.list removed",
        "deep.list emptied",
        "deep.list.x removed",
        "deep.list.x.name removed",
        "deep.list.x.name to another text",
        "deep.list.x.on removed",
        "deep.list.x.on to False",
    }
    changed = inputs_of(made["test:User u deep.list.x.on to False"])
    assert changed == {"deep": {"list": [{"name": "x", "on": False}]}}
    assert inputs_of(made["test:User u deep.list.x removed"]) == {"deep": {"list": []}}


def test_json_is_changed_inside() -> None:
    made = mutants(stack_of(user(text=json.dumps({"a": [1]}))))
    assert "test:User u text.a emptied" in made
    changed = inputs_of(made["test:User u text.a.0 to 0"])
    assert changed == {"text": '{"a": [0]}'}


def test_the_original_stays_as_it_is() -> None:
    original = user(deep={"list": [True]})
    mutants(stack_of(original))
    assert original.inputs == {"deep": {"list": [True]}}


def test_a_reference_is_changed_for_another_of_the_stack_and_for_one_of_elsewhere() -> None:
    made = mutants(stack_of(GROUP, OTHER, user(groups=["a-id"])))
    swapped = made["test:User u groups.0 to b's"].change.resources["test:User", "u"]
    elsewhere = made["test:User u groups.0 to another text"].change.resources["test:User", "u"]
    assert swapped is not None
    assert elsewhere is not None
    assert (swapped.inputs, swapped.sources) == (
        {"groups": ["b-id"]},
        {"groups": frozenset({OTHER.key})},
    )
    assert elsewhere.sources == {"groups": frozenset()}


def test_a_removed_resource_takes_along_what_was_made_from_it() -> None:
    reasons = {"test:Group": "", "test:User *": ""}
    stack = stack_of(GROUP, user(groups=["a-id"], size=1))
    [removed] = [
        one for one in mutants_of(stack, Reasons({"test:User *": ""})) if one.operator == "removed"
    ]
    assert removed.name == "test:Group a removed"
    changed = removed.change.resources
    assert changed[GROUP.key] is None
    other = changed["test:User", "u"]
    assert other is not None
    assert (other.inputs, other.sources) == ({"size": 1}, {})
    assert mutants(stack, reasons).keys() == set()


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("test:User", set()),
        ("test:User a", {"b.c to 0", "b.c to 2147483647", "b.c removed", "b removed"}),
        ("test:User b", {"a to False", "a removed"}),
        ("* to *", {"a removed", "b removed", "b.c removed"}),
    ],
)
def test_what_is_declared_irrelevant_is_left_alone(glob: str, left: set[str]) -> None:
    made = mutants(stack_of(user(a=True, b={"c": 5})), {glob: "a reason"})
    assert {name.removeprefix("test:User u ") for name in made} == left


def test_a_declaration_that_is_of_no_use_is_known() -> None:
    reasons = Reasons({"test:User a": "", "test:User z": ""})
    list(mutants_of(stack_of(user(a=True)), reasons))
    assert reasons.unused == ["test:User z"]


def test_what_is_looser_already_is_no_place_for_mutants() -> None:
    strict, loose = user(on=True, same=True, text="a"), user(on=False, same=True, text="b")
    made = mutants(stack_of(loose), safest=stack_of(strict))
    assert {name.split()[2] for name in made} == {"same", "text"}


def test_places_are_found_replaced_and_spelled() -> None:
    value = {"text": json.dumps({"list": [{"Sid": "S", "x": 1}]})}
    places = dict(walk(value))
    place = ("text", JSON, "list", 0, "x")
    assert places[place] == 1
    assert spelled(value, place) == "text.list.S.x"
    assert json.loads(replaced(value, place, GONE)["text"]) == {"list": [{"Sid": "S"}]}


ALLOW: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["s3:GetObject"],
    "Resource": "arn:aws:s3:::b/*",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Condition": {"StringEquals": {"k": "v"}, "Bool": {"tls": "true"}},
}


def widened(statement: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{'.'.join(map(str, place[2:]))} {operator}".strip(): value
        for place, operator, value in wider_policies({"Statement": [statement]})
    }


def test_an_allowed_statement_is_widened_everywhere() -> None:
    assert widened(ALLOW) == {
        "Action to '*'": "*",
        "Action to 's3:*'": "s3:*",
        "Resource to '*'": "*",
        "Principal to '*'": "*",
        "Principal to another account": {"AWS": "arn:aws:iam::999900001111:root"},
        "Condition removed": GONE,
        "Condition.StringEquals.k removed": GONE,
        "Condition.Bool.tls removed": GONE,
        "Condition k to '*'": {"Bool": {"tls": "true"}, "StringLike": {"k": "*"}},
        "with all allowed": [
            ALLOW,
            {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"},
        ],
    }


def test_what_is_as_wide_as_can_be_is_not_widened() -> None:
    widest = {"Effect": "Allow", "Action": "*", "Resource": ["*"], "Principal": "*"}
    assert widened(widest).keys() == {"Action to '*:*'", "with all allowed"}


def test_a_denial_is_narrowed() -> None:
    denial = {**ALLOW, "Effect": "Deny", "Resource": ["arn:aws:s3:::b"]}
    assert widened(denial).keys() >= {"removed", "Effect to 'Allow'", "Resource to one object"}
    assert "Action to '*'" not in widened(denial)


def result(*, on_path: bool = False, stopped: bool = True, reason: str | None = None) -> Result:
    rule = "a-rule" if stopped else None
    return Result(name="m", on_database_path=on_path, stopped_by=rule, reason=reason)


@pytest.mark.parametrize(
    ("survivor", "problem"),
    [
        (result(on_path=True, stopped=False), "survived on the database path: m"),
        (result(on_path=True, stopped=False, reason="why"), "survived on the database path: m"),
        (result(stopped=False), "survived without a reason: m"),
    ],
)
def test_a_survivor_is_a_problem(survivor: Result, problem: str) -> None:
    trial = Trial([survivor, *(result() for _ in range(99)), result(on_path=True)])
    assert list(trial.problems()) == [problem]


def test_a_reason_will_do_for_a_few_only() -> None:
    explained = result(stopped=False, reason="why")
    stopped = [result(), result(on_path=True)]
    few = Trial([explained] * 5 + stopped * 95)
    many = Trial([explained] * 6 + stopped * 94)
    assert list(few.problems()) == []
    assert list(many.problems()) == ["only 94 of 100 were stopped off the database path"]


def test_an_unused_entry_of_a_table_is_a_problem() -> None:
    trial = Trial([result(on_path=True)], unused=["test:X"])
    assert list(trial.problems()) == ["a table has an entry that no mutant needs: test:X"]


def test_the_closing_line_counts() -> None:
    trial = Trial([result(), result(stopped=False), result(on_path=True)])
    assert trial.closing_line() == "killed 2 of 3 (100 % of 1 on the database path)"
