from dataclasses import dataclass

import pytest

from todo_policies.parameters import (
    PolicyConfigError,
    parameter,
    parameter_key,
    read_parameters,
    schema_of,
)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    minimum_days: int = parameter(7, "Days.", minimum=1, maximum=35)
    is_strict: bool = parameter(default=True, description="Strictness.")
    level: str = parameter("high", "How much.", enum=["low", "high"])
    names: tuple[str, ...] = parameter(("a",), "Names.")


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    share: float = parameter(0.5, "A share.")


def test_the_schema_has_type_meaning_limits_and_default_of_each_field() -> None:
    assert schema_of(Parameters()) == {
        "minimumDays": {
            "type": "integer",
            "description": "Days.",
            "minimum": 1,
            "maximum": 35,
            "default": 7,
        },
        "isStrict": {"type": "boolean", "description": "Strictness.", "default": True},
        "level": {
            "type": "string",
            "description": "How much.",
            "enum": ["low", "high"],
            "default": "high",
        },
        "names": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names.",
            "default": ["a"],
        },
    }


def test_no_parameters_have_an_empty_schema_and_stay_none() -> None:
    assert schema_of(None) == {}
    assert read_parameters(None, {"anything": 1}) is None


def test_a_field_that_no_configuration_can_hold_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match=r"share is <class 'float'>"):
        schema_of(Unreadable())


def test_keys_are_written_as_configurations_write_them() -> None:
    assert parameter_key("customer_managed_key") == "customerManagedKey"


def test_what_is_not_configured_keeps_its_value() -> None:
    assert read_parameters(Parameters(minimum_days=3), {}) == Parameters(minimum_days=3)


def test_configured_values_take_their_places() -> None:
    # Numbers cross the engine's protocol as floats.
    config = {"minimumDays": 14.0, "isStrict": False, "level": "low", "names": ["b", "c"]}
    assert read_parameters(Parameters(), config) == Parameters(
        minimum_days=14, is_strict=False, level="low", names=("b", "c")
    )


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("minimumDays", "7", "minimumDays is '7': a value of type integer is allowed."),
        ("minimumDays", 7.5, "minimumDays is 7.5: a value of type integer is allowed."),
        ("minimumDays", True, "minimumDays is True: a value of type integer is allowed."),
        ("minimumDays", 0, "minimumDays is 0: at least 1 is allowed."),
        ("minimumDays", 36, "minimumDays is 36: at most 35 is allowed."),
        ("isStrict", 1, "isStrict is 1: a value of type boolean is allowed."),
        ("level", "medium", "level is 'medium': allowed are low, high."),
        ("names", "a", "names is 'a': a value of type array is allowed."),
        ("names", [1], "names is [1]: a list of texts is allowed."),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(key: str, value: object, problem: str) -> None:
    with pytest.raises(PolicyConfigError) as error:
        read_parameters(Parameters(), {key: value})
    assert error.value.problems == (problem,)


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(PolicyConfigError) as error:
        read_parameters(Parameters(), {"minimumDays": 0, "isStrict": "yes"})
    assert len(error.value.problems) == 2
    assert str(error.value) == "\n".join(error.value.problems)


def test_a_parameter_without_limits_takes_any_value_of_its_type() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Unlimited:
        count: int = parameter(3, "How many.")

    assert schema_of(Unlimited()) == {
        "count": {"type": "integer", "description": "How many.", "default": 3}
    }
    assert read_parameters(Unlimited(), {"count": -1000.0}) == Unlimited(count=-1000)
