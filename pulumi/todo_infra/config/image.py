"""How the application's image is built, and where it goes."""

import re
from dataclasses import dataclass
from typing import Annotated

from .rules import OneOf, Text

__all__ = ["Image"]


@dataclass(frozen=True)
class ImageReferences:
    """A list of image references; none is allowed."""

    allowed: str = 'a list of image references such as "registry.example/todo:cache"'

    def parse(self, value: object) -> tuple[str, ...]:
        """Accept texts without blanks only."""
        if not isinstance(value, list):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        if not all(isinstance(item, str) and re.fullmatch(r"\S+", item) for item in value):
            raise ValueError(value)
        return tuple(value)


@dataclass(frozen=True, kw_only=True)
class Image:
    """How the application's image is built, and where it goes.

    Attributes:
        registry: Host of a mirror that answers for the ECR registry; the repository's path
            stays the same. None uses the registry in the repository's own URL.
        platform: Processor architecture, of the image and of the tasks.
        base_image: Replaces the Dockerfile's default `BASE_IMAGE`.
        cache_from: Images whose layers a build may take over, for machines that start without
            any, such as a pipeline's. Name a tag that stays: a change builds the image again.
    """

    registry: Annotated[
        str | None, Text(r"[a-z0-9.-]+(:\d{1,5})?", "a host, or host:port, without https://")
    ] = None
    platform: Annotated[str, OneOf(("linux/amd64", "linux/arm64"))] = "linux/amd64"
    base_image: Annotated[str | None, Text(r"\S+", "an image reference")] = None
    cache_from: Annotated[tuple[str, ...], ImageReferences()] = ()
