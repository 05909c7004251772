"""What goes into an image, and the content hash of it. No resources here."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

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

    The rules are Docker's: the last matching line decides, `!` takes a file back in, a
    directory stands for everything below it, every pattern starts at the root, and the
    builder gets the Dockerfile in any case.
    """
    rules = _ignore_rules(context / ".dockerignore")
    for directory, subdirectories, names in os.walk(context):
        links = [name for name in subdirectories if (Path(directory) / name).is_symlink()]
        subdirectories.sort()
        for name in sorted([*names, *links]):
            path = Path(directory) / name
            if path == context / "Dockerfile" or not _ignored(path.relative_to(context), rules):
                yield path


def _parts(context: Path, build_settings: Mapping[str, str]) -> Iterator[bytes]:
    for name, value in sorted(build_settings.items()):
        yield name.encode()
        yield value.encode()
    for path in files(context):
        yield path.relative_to(context).as_posix().encode()
        yield b"x" if path.lstat().st_mode & _EXECUTABLE else b"-"
        yield str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()


def _ignored(path: Path, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    ignored = False
    ancestors = [path, *path.parents[:-1]]
    for pattern, ignore in rules:
        if any(pattern.fullmatch(part.as_posix()) for part in ancestors):
            ignored = ignore
    return ignored


def _ignore_rules(file: Path) -> list[tuple[re.Pattern[str], bool]]:
    lines = file.read_text().splitlines() if file.is_file() else []
    stripped = [line.strip() for line in lines if not line.startswith("#")]
    return [(_regex(line.removeprefix("!")), line[0] != "!") for line in stripped if line]


def _regex(pattern: str) -> re.Pattern[str]:
    """Translate one pattern; `*` and `?` stop at a slash, `**` does not."""
    translations = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip().strip("/"))
    return re.compile("".join(translations.get(piece, re.escape(piece)) for piece in pieces))
