"""The application's image: built from source, pushed once, deployed by digest."""

import os
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from . import config
from .build_context import content_hash
from .terraform_state import Repository

__all__ = ["ApplicationImage", "ApplicationImageArgs", "registry_path"]


@dataclass(frozen=True, kw_only=True)
class ApplicationImageArgs:
    """What the image is made from and where it goes.

    Attributes:
        context: The directory with the Dockerfile.
        repository: The ECR repository.
        settings: Registry, platform and base image, from the stack's config.
    """

    context: Path
    repository: Repository
    settings: config.Image


def registry_path(repository: Repository, registry: str | None) -> str:
    """Return host and path to push to; a mirror replaces the host and keeps the path."""
    return f"{registry}/{repository.name}" if registry else repository.url


class ApplicationImage(pulumi.ComponentResource):
    """Builds and pushes the image when its content changed, and only then.

    Attributes:
        reference: `repository@sha256:…`, the only way the image is ever deployed.
    """

    reference: pulumi.Output[str]

    def __init__(
        self, name: str, args: ApplicationImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:ApplicationImage", name, None, opts)
        base = {"BASE_IMAGE": args.settings.base_image} if args.settings.base_image else {}
        digest = content_hash(args.context, {"platform": args.settings.platform, **base})
        path = registry_path(args.repository, args.settings.registry)
        image = docker.Image(
            f"{name}-image",
            # Tags are immutable in the repository, and two stacks may build the same content
            # on different machines to different digests: each has tags of its own.
            image_name=f"{path}:{name}-{digest}",
            build=docker.DockerBuildArgs(
                # Relative, since the state would otherwise differ from machine to machine.
                context=os.path.relpath(args.context),
                platform=args.settings.platform,
                args={**base, **_cached(args.settings)},
                cache_from=_cache(args.settings),
            ),
            registry=self._registry(args, path.partition("/")[0]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.reference = image.repo_digest
        self.register_outputs({"reference": self.reference})

    def _registry(self, args: ApplicationImageArgs, server: str) -> docker.RegistryArgs:
        """Log in with a token of ECR's, which lasts twelve hours and is asked for each time."""
        token = aws.ecr.get_authorization_token_output(
            registry_id=args.repository.account, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return docker.RegistryArgs(
            server=server,
            username=token.user_name,
            password=pulumi.Output.secret(token.password),
        )


def _cache(settings: config.Image) -> docker.CacheFromArgs | None:
    return docker.CacheFromArgs(images=list(settings.cache_from)) if settings.cache_from else None


def _cached(settings: config.Image) -> dict[str, str]:
    """Have the image say what its layers were made from, without which it is no cache."""
    return {"BUILDKIT_INLINE_CACHE": "1"} if settings.cache_from else {}
