import pytest

from todo_infra.sizes import DATABASE_CLASSES, DATABASES_WITH_INSIGHTS, TASK_SIZES, TaskSize

# CPU units to MiB, as AWS lists them for Fargate.
LEGAL_MEMORY = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4096 + 1, 1024)),
    1024: set(range(2048, 8192 + 1, 1024)),
    2048: set(range(4096, 16384 + 1, 1024)),
    4096: set(range(8192, 30720 + 1, 1024)),
}


@pytest.mark.parametrize("size", TASK_SIZES.values(), ids=TASK_SIZES.keys())
def test_every_task_size_is_one_that_fargate_offers(size: TaskSize) -> None:
    assert size.memory in LEGAL_MEMORY[size.cpu]


def test_task_sizes_grow() -> None:
    sizes = [(size.cpu, size.memory) for size in TASK_SIZES.values()]
    assert sizes == sorted(set(sizes))


def test_both_teams_speak_of_the_same_sizes() -> None:
    assert list(TASK_SIZES) == list(DATABASE_CLASSES)
    assert len(set(DATABASE_CLASSES.values())) == len(DATABASE_CLASSES)


def test_load_is_explained_from_a_size_on() -> None:
    assert [size for size in DATABASE_CLASSES if size in DATABASES_WITH_INSIGHTS] == [
        "medium",
        "large",
        "xlarge",
    ]
