"""What a stack's config is told where a key or a value is almost right."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from todo_infra.config.rules import CidrList, YesNo, read_settings
from todo_infra.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of config."""

    managed_password: Annotated[bool, YesNo()] = True
    networks: Annotated[tuple[str, ...], CidrList()] = ("0.0.0.0/0",)


def problems(raw: dict[str, Any]) -> list[str]:
    found: list[ConfigError] = []
    read_settings(Section, "todo:section", raw, found)
    return [str(one) for one in found]


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("managedPasswords", "Did you mean managedPassword?"),
        ("token", "Remove it: credentials come from the environment."),
    ],
)
def test_the_value_of_a_key_that_looks_like_a_secret_is_never_shown(key: str, fix: str) -> None:
    (problem,) = problems({key: "hunter2"})
    assert problem == (
        f"todo:section.{key} is '(not shown)'; allowed: only the keys managedPassword, networks. "
        f"{fix}"
    )


def test_the_value_of_any_other_unknown_key_is_shown() -> None:
    (problem,) = problems({"colour": "blue"})
    assert problem.startswith("todo:section.colour is 'blue'; allowed: only the keys ")
    assert problem.endswith("Remove it.")


@pytest.mark.parametrize("networks", [[10], [None], [["10.0.0.0/8"]]])
def test_a_list_of_networks_holds_texts(networks: list[object]) -> None:
    (problem,) = problems({"networks": networks})
    assert problem.startswith(f"todo:section.networks is {networks!r}; allowed: ")


def test_what_is_right_is_taken_beside_what_is_wrong() -> None:
    found: list[ConfigError] = []
    taken = read_settings(Section, "todo:section", {"managedPassword": False, "x": 1}, found)
    assert taken == Section(managed_password=False)
    assert [one.key for one in found] == ["todo:section.x"]
