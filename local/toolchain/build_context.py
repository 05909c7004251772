"""Digest of a Docker build context: what the builder would be sent, without times and owners."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from docker.utils.build import exclude_paths

__all__ = ["context_digest"]


def context_digest(context: Path, dockerfile: Path) -> str:
    """Digest names, modes, link targets and contents, less what .dockerignore excludes.

    Args:
        context: the directory to be sent to the builder.
        dockerfile: the Dockerfile, inside the context or not.

    Raises:
        OSError: if something cannot be read.
    """
    digest = hashlib.sha256()
    for part in [*_entries(context), *_outside(context, dockerfile)]:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def _entries(context: Path) -> Iterator[bytes]:
    names = exclude_paths(str(context), _ignored(context), dockerfile=None)
    for name in sorted(names):
        path = context / name
        status = path.lstat()
        yield os.fsencode(name)
        yield f"{stat.S_IFMT(status.st_mode):o} {stat.S_IMODE(status.st_mode):o}".encode()
        if stat.S_ISLNK(status.st_mode):
            yield os.fsencode(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            yield hashlib.sha256(path.read_bytes()).digest()


def _outside(context: Path, dockerfile: Path) -> Iterator[bytes]:
    """The Dockerfile itself, which .dockerignore may exclude though the builder reads it."""
    yield os.fsencode(os.path.relpath(dockerfile, context))
    yield dockerfile.read_bytes()


def _ignored(context: Path) -> list[str]:
    try:
        text = (context / ".dockerignore").read_text()
    except FileNotFoundError:
        return []
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
