import pytest

from todo_infra.naming import NAME_PREFIX_LIMIT, name_prefix


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("prod", "todo-prod"),
        ("Dev_EU.1", "todo-dev-eu-1"),
        ("--odd--", "todo-odd"),
        ("fifteen-letters", "todo-fifteen-letters"),
    ],
)
def test_a_prefix_is_lower_case_words_joined_by_hyphens(stack: str, name: str) -> None:
    assert name_prefix("todo", stack) == name


def test_a_long_name_is_cut_to_the_limit() -> None:
    name = name_prefix("todo", "review-pull-request-1234")
    assert len(name) <= NAME_PREFIX_LIMIT
    assert name.startswith("todo-review-pul")


def test_long_names_with_the_same_start_stay_apart() -> None:
    stacks = [f"review-pull-request-{number}" for number in range(50)]
    assert len({name_prefix("todo", stack) for stack in stacks}) == 50


def test_a_cut_at_a_hyphen_leaves_no_double_hyphen() -> None:
    assert "--" not in name_prefix("todo", "abcdefghi-klmnopqrstuvwxyz")
