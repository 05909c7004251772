"""How the application's image is built, and where it goes."""

from dataclasses import dataclass
from typing import Annotated

from .rules import OneOf, Text

__all__ = ["Image"]


@dataclass(frozen=True, kw_only=True)
class Image:
    """How the application's image is built, and where it goes.

    Attributes:
        registry: Host of a mirror that answers for the ECR registry; the repository's path
            stays the same. None uses the registry in the repository's own URL.
        platform: Processor architecture, of the image and of the tasks.
        base_image: Replaces the Dockerfile's default `BASE_IMAGE`.
    """

    registry: Annotated[
        str | None, Text(r"[a-z0-9.-]+(:\d{1,5})?", "a host, or host:port, without https://")
    ] = None
    platform: Annotated[str, OneOf(("linux/amd64", "linux/arm64"))] = "linux/amd64"
    base_image: Annotated[str | None, Text(r"\S+", "an image reference")] = None
