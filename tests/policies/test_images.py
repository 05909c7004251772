import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import images
from todo_policies.images import (
    CONTAINER_IMAGE_PINNED,
    IMAGE_BUILD_PINNED,
    IMAGE_BUILT_HERE,
    REPOSITORY_EXPIRES,
    REPOSITORY_HARDENED,
)
from todo_policies.resource_types import (
    DOCKER_IMAGE,
    REPOSITORY,
    REPOSITORY_LIFECYCLE,
    TASK_DEFINITION,
)
from todo_policies.rule import Rule

COMPONENT = "todo:index:Service"
IMAGE = "containerDefinitions.0.image"
REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize("rule", images.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize("type_", [TASK_DEFINITION, COMPONENT])
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (f"{REGISTRY}/todo:latest", "without a digest"),
        (f"{REGISTRY}/todo", "without a digest"),
        (f"{REGISTRY}/todo@sha256:1234", "without a digest"),
        (DIGEST, "without a digest"),
        (f"docker.io/library/nginx@{DIGEST}", "from another registry"),
        (f"nginx@{DIGEST}", "from another registry"),
        (f"evil.example/{REGISTRY}/todo@{DIGEST}", "from another registry"),
        (GONE, "names no image"),
        ("", "names no image"),
    ],
)
def test_an_image_by_tag_or_from_elsewhere_is_refused(
    type_: str, image: object, message: str
) -> None:
    stack = record()
    stack.change(type_, IMAGE, image)
    problems = stack.judge(CONTAINER_IMAGE_PINNED)
    assert any(message in problem for problem in problems), problems


def test_behind_an_image_in_the_making_another_is_judged() -> None:
    stack = record()
    stack.change(COMPONENT, IMAGE, UNKNOWN)
    stack.change(COMPONENT, "containerDefinitions.1.image", f"{REGISTRY}/todo:latest")
    [problem] = stack.judge(CONTAINER_IMAGE_PINNED)
    assert "without a digest" in problem


def test_registries_are_configured() -> None:
    stack = record("local")
    assert len(stack.judge(CONTAINER_IMAGE_PINNED)) == 4
    assert stack.judge(CONTAINER_IMAGE_PINNED, registries=["localhost:*"]) == []


def test_an_image_in_the_making_comes_from_this_stack() -> None:
    stack = record()
    stack.change(COMPONENT, IMAGE, UNKNOWN)
    stack.change(COMPONENT, "containerDefinitions.1.image", UNKNOWN)
    stack.make_unknown(stack.of(TASK_DEFINITION), "containerDefinitions")
    assert stack.judge(IMAGE_BUILT_HERE) == []
    del stack[stack.of(DOCKER_IMAGE).key]
    [problem] = stack.judge(IMAGE_BUILT_HERE)
    assert "made of no image that this stack builds" in problem


def test_an_image_in_the_making_goes_to_our_own_registry() -> None:
    stack = record()
    stack.make_unknown(stack.of(TASK_DEFINITION), "containerDefinitions")
    stack.change(DOCKER_IMAGE, "imageName", "docker.io/somebody/todo:1")
    [problem] = stack.judge(IMAGE_BUILT_HERE)
    assert "goes to another registry" in problem


def test_another_image_of_our_registry_is_not_the_one_that_was_built() -> None:
    stack = record()
    stack.change(TASK_DEFINITION, IMAGE, f"{REGISTRY}/other@{DIGEST}")
    [problem] = stack.judge(IMAGE_BUILT_HERE)
    assert "which this stack does not build" in problem
    assert stack.judge(IMAGE_BUILT_HERE, others=[f"{REGISTRY}/other@*"]) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("build.args.BASE_IMAGE", "python:3.13", "BASE_IMAGE is python:3.13, which names no"),
        ("build.args.BASE_IMAGE", DIGEST, "which names no digest"),
        ("build.platform", GONE, "platform is not set"),
        ("build.platform", "windows/amd64", "platform is windows/amd64"),
        ("build", GONE, "platform is not set"),
        ("skipPush", True, "skipPush is True"),
        ("imageName", "docker.io/somebody/todo:1", "in another registry"),
        ("imageName", UNKNOWN, "imageName is unknown before the update"),
    ],
)
def test_a_loose_build_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(DOCKER_IMAGE, path, value)
    [problem] = stack.judge(IMAGE_BUILD_PINNED)
    assert message in problem


def test_the_base_is_configured() -> None:
    stack = record()
    [problem] = stack.judge(IMAGE_BUILD_PINNED, baseNamed=True)
    assert "BASE_IMAGE is not set" in problem
    stack.change(DOCKER_IMAGE, "build.args.BASE_IMAGE", f"python:3.13@{DIGEST}")
    assert stack.judge(IMAGE_BUILD_PINNED, baseNamed=True) == []
    stack.change(DOCKER_IMAGE, "build.args.BASE_IMAGE", "python:3.13")
    assert stack.judge(IMAGE_BUILD_PINNED, unpinnedBase=True) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("imageTagMutability", "MUTABLE", "imageTagMutability is MUTABLE"),
        ("imageTagMutability", GONE, "imageTagMutability is not set"),
        ("imageScanningConfiguration", GONE, "scanOnPush is not set"),
        ("imageScanningConfiguration.scanOnPush", False, "scanOnPush is False"),
        ("encryptionConfigurations", GONE, "names no key of KMS"),
        ("encryptionConfigurations.0.encryptionType", "AES256", "names no key of KMS"),
        ("forceDelete", True, "forceDelete is True"),
    ],
)
def test_a_loose_repository_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    inputs = {
        "name": "todo",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS"}],
    }
    stack.add(REPOSITORY, inputs)
    assert stack.judge(REPOSITORY_HARDENED) == []
    stack.change(REPOSITORY, "encryptionConfigurations.0.encryptionType", "KMS_DSSE")
    assert stack.judge(REPOSITORY_HARDENED) == []
    stack.change(REPOSITORY, path, value)
    [problem] = stack.judge(REPOSITORY_HARDENED)
    assert message in problem


def test_a_repository_without_an_end_is_refused() -> None:
    stack = record()
    repository = stack.add(REPOSITORY, {"name": "todo"})
    stack.add("aws:ecr/repositoryPolicy:RepositoryPolicy", {"repository": "todo"})
    assert len(stack.judge(REPOSITORY_EXPIRES)) == 1
    stack.add(REPOSITORY_LIFECYCLE, {"repository": UNKNOWN}, repository=repository)
    assert stack.judge(REPOSITORY_EXPIRES) == []
