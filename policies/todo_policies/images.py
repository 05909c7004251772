"""Where what runs comes from: our own registry, by digest, from a base that stays the same."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import PolicyResource, Severity

from todo_policies.containers import DEFINITIONS, containers, has_containers
from todo_policies.graph import linked, of_type, users
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, known, shown
from todo_policies.resource_types import (
    DOCKER_IMAGE,
    REPOSITORY,
    REPOSITORY_LIFECYCLE,
    TASK_DEFINITION,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "CONTAINER_IMAGE_PINNED",
    "IMAGE_BUILD_PINNED",
    "IMAGE_BUILT_HERE",
    "REPOSITORY_EXPIRES",
    "REPOSITORY_HARDENED",
    "RULES",
]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class _Registries:
    registries: tuple[str, ...] = parameter(
        ("*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn"),
        "Globs of the hosts that images come from.",
    )

    def is_foreign(self, reference: str) -> bool:
        """Whether an image is from elsewhere."""
        host = reference.partition("/")[0]
        return not any(fnmatchcase(host, pattern) for pattern in self.registries)


def _unpinned(subject: Subject, parameters: _Registries) -> Iterator[str]:
    for container in containers(subject):
        if not is_set(container.definition, "image"):
            yield f"container {container.name} names no image."
        # Unknown, it is the business of image-built-here, and of the update.
        image = known(container.definition, "image")
        if image is None:
            continue
        if not _DIGEST.fullmatch(str(image).partition("@")[2]):
            yield f"container {container.name} names its image {image} without a digest."
        if parameters.is_foreign(str(image)):
            yield f"container {container.name} has its image {image} from another registry."


CONTAINER_IMAGE_PINNED = ResourceRule(
    name="container-image-pinned",
    severity=Severity.HIGH,
    why="Containers run an image of our own registry by its digest: a tag can be moved to another.",
    fix="Name the image as repository@sha256:…, which is repo_digest of the docker Image.",
    controls=(),
    parameters=_Registries(),
    applies_to=has_containers,
    check=_unpinned,
    deferred_input=DEFINITIONS,
)


@dataclass(frozen=True, kw_only=True)
class _Own(_Registries):
    others: tuple[str, ...] = parameter(
        (), "Globs of images that a task may run though the stack does not build them."
    )


def _from_elsewhere(
    task: PolicyResource, stack: Sequence[PolicyResource], parameters: _Own
) -> Iterator[str]:
    if known(task.props, DEFINITIONS) is not None:
        yield from _built_elsewhere(task, stack, parameters)
        return
    built = linked(task, DEFINITIONS, {DOCKER_IMAGE}, stack)
    if not built:
        yield "its containers are not known yet, and made of no image that this stack builds."
    for image in built:
        if parameters.is_foreign(str(image.props.get("imageName"))):
            yield f"its image {image.name} goes to another registry."


def _built_elsewhere(
    task: PolicyResource, stack: Sequence[PolicyResource], parameters: _Own
) -> Iterator[str]:
    digests = {known(image.props, "repoDigest") for image in of_type(stack, DOCKER_IMAGE)}
    for container in containers(task):
        image = str(container.definition.get("image"))
        others = (fnmatchcase(image, pattern) for pattern in parameters.others)
        if image not in digests and not any(others):
            yield f"container {container.name} runs {image}, which this stack does not build."


IMAGE_BUILT_HERE = StackRule(
    name="image-built-here",
    severity=Severity.HIGH,
    why="Tasks run the image that this stack builds and pushes, also while its digest is not known "
    "yet.",
    fix="Make the containers of repo_digest of the stack's docker Image.",
    controls=(),
    parameters=_Own(),
    resource_types=frozenset({TASK_DEFINITION}),
    check=_from_elsewhere,
)


@dataclass(frozen=True, kw_only=True)
class _Builds(_Registries):
    unpinned_base: bool = parameter(False, "Let BASE_IMAGE be named without a digest.")
    base_named: bool = parameter(
        False, "Whether BASE_IMAGE has to be given; without it the Dockerfile's own tag counts."
    )
    platforms: tuple[str, ...] = parameter(
        ("linux/amd64", "linux/arm64"), "Platforms that images are built for."
    )


def _loose_build(image: Subject, parameters: _Builds) -> Iterator[str]:
    build = image.props.get("build") or {}
    base = (build.get("args") or {}).get("BASE_IMAGE")
    pinned = base is not None and _DIGEST.fullmatch(str(base).partition("@")[2])
    needed = base is not None or parameters.base_named
    if needed and not (pinned or parameters.unpinned_base):
        yield f"BASE_IMAGE is {shown(base)}, which names no digest."
    platform = build.get("platform")
    if platform not in parameters.platforms:
        yield f"platform is {shown(platform)}; allowed: {', '.join(parameters.platforms)}."
    if image.props.get("skipPush") is True:
        yield "skipPush is True, so the image stays on the machine that builds it."
    name = str(image.props.get("imageName"))
    if parameters.is_foreign(name):
        yield f"imageName is {name}, in another registry."


IMAGE_BUILD_PINNED = ResourceRule(
    name="image-build-pinned",
    severity=Severity.MEDIUM,
    why="The same source makes the same image: its base is named by digest, its platform is said, "
    "and it is pushed to our own registry.",
    fix="Name todo:image.baseImage as image@sha256:…, and leave out skipPush.",
    controls=(),
    parameters=_Builds(),
    resource_types=frozenset({DOCKER_IMAGE}),
    check=_loose_build,
)


def _loose_repository(repository: Subject) -> Iterator[str]:
    mutability = repository.props.get("imageTagMutability")
    if mutability != "IMMUTABLE":
        yield f"imageTagMutability is {shown(mutability)}."
    scan = (repository.props.get("imageScanningConfiguration") or {}).get("scanOnPush")
    if scan is not True:
        yield f"imageScanningConfiguration.scanOnPush is {shown(scan)}."
    kinds = {
        one.get("encryptionType") for one in repository.props.get("encryptionConfigurations") or ()
    }
    if kinds not in ({"KMS"}, {"KMS_DSSE"}):
        yield "encryptionConfigurations names no key of KMS."
    if repository.props.get("forceDelete") is True:
        yield "forceDelete is True, so it is deleted with all its images."


REPOSITORY_HARDENED = ResourceRule(
    name="repository-hardened",
    severity=Severity.HIGH,
    why="A repository keeps each tag as it was pushed, looks for known holes in it, and is "
    "encrypted.",
    fix="Set image_tag_mutability='IMMUTABLE', scan_on_push=True, an encryption of type KMS, and "
    "no force_delete.",
    controls=("ECR.1", "ECR.2"),
    resource_types=frozenset({REPOSITORY}),
    check=_loose_repository,
)


def _endless(repository: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if not users(repository, "repository", REPOSITORY_LIFECYCLE, stack):
        yield "no lifecycle policy deletes its old images."


REPOSITORY_EXPIRES = StackRule(
    name="repository-expires",
    severity=Severity.LOW,
    why="A repository deletes the images that nobody runs any more: old ones only gather holes.",
    fix="Give it an aws.ecr.LifecyclePolicy.",
    controls=("ECR.3",),
    resource_types=frozenset({REPOSITORY}),
    check=_endless,
)

RULES: tuple[Rule, ...] = (
    CONTAINER_IMAGE_PINNED,
    IMAGE_BUILT_HERE,
    IMAGE_BUILD_PINNED,
    REPOSITORY_HARDENED,
    REPOSITORY_EXPIRES,
)
