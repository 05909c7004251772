import pytest
from pulumi_policy.proxy import unknown_checking_proxy

from tests.policies.judged import UNKNOWN
from todo_policies.reading import is_set, known, shown

PROPS = unknown_checking_proxy(
    {"text": "a", "yes": True, "no": False, "empty": "", "later": UNKNOWN}
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("text", True), ("yes", True), ("later", True), ("no", False), ("empty", False), ("x", False)],
)
def test_what_has_or_will_have_a_value_is_set(key: str, *, expected: bool) -> None:
    assert is_set(PROPS, key) is expected


def test_what_is_not_known_yet_is_none() -> None:
    assert [known(PROPS, key) for key in ("text", "later", "x")] == ["a", None, None]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "not set"), (14.0, "14"), (0.5, "0.5"), (True, "True"), ("a", "a")]
)
def test_values_are_shown_as_people_write_them(value: object, text: str) -> None:
    assert shown(value) == text
