"""What goes into an image, and the content hash of it. No resources here."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from docker.utils.build import exclude_paths

__all__ = ["content_hash", "files"]

_EXECUTABLE = 0o100


def content_hash(context: Path, build_settings: Mapping[str, str]) -> str:
    """Return 16 hexadecimal digits that change whenever the image would.

    Paths, contents and executable bits count; times and owners do not.

    Args:
        context: The directory that is sent to the builder.
        build_settings: Whatever else goes into the build, such as its arguments.
    """
    digest = hashlib.sha256()
    for part in _parts(context, build_settings):
        # With its length before each part, moving a border changes the hash.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def files(context: Path) -> Iterator[Path]:
    """Yield the files of a build context, in order, without what `.dockerignore` names.

    The builder gets the Dockerfile in any case.
    """
    names = exclude_paths(str(context), _ignore_rules(context), dockerfile="Dockerfile")
    for path in sorted(context / name for name in names):
        if path.is_symlink() or path.is_file():
            yield path


def _parts(context: Path, build_settings: Mapping[str, str]) -> Iterator[bytes]:
    for name, value in sorted(build_settings.items()):
        yield name.encode()
        yield value.encode()
    for path in files(context):
        yield path.relative_to(context).as_posix().encode()
        yield b"x" if path.lstat().st_mode & _EXECUTABLE else b"-"
        yield str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()


def _ignore_rules(context: Path) -> list[str]:
    file = context / ".dockerignore"
    lines = file.read_text().splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
