"""Shared libraries: which ones are needed, where the loader finds them, whose they are."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["copy_libraries", "is_elf", "record_packages"]

# `libm.so.6 => /lib/libm.so.6 (0x7f…)`, or `/lib64/ld-linux-x86-64.so.2 (0x7f…)`.
_LIBRARY: Final = re.compile(r"(?:^|=> )\s*(/\S+) \(0x")

_PACKAGES: Final = Path("/var/lib/dpkg/status")


def is_elf(path: Path) -> bool:
    """Say whether it is a program, a library or a compiled module."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def copy_libraries(programs: Iterable[Path], root: Path) -> list[Path]:
    """Copy all that these programs load, with the loader, and tell the loader where they are.

    Returns:
        Where the libraries were.
    """
    libraries = sorted({library for program in programs for library in _loaded_by(program)})
    for name in ("lib", "lib64"):  # links, on a Debian of today
        if (base := Path("/", name)).is_symlink():
            (root / name).symlink_to(base.readlink())
    for library in libraries:
        target = root / library.relative_to("/")
        # A link such as /lib64 leads to a directory that has to be there.
        target.parent.resolve().mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    _write_cache(root, {library.parent for library in libraries})
    return [library.resolve() for library in libraries]


def _loaded_by(program: Path) -> Iterator[Path]:
    shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if "not a dynamic executable" in shown.stderr or "statically linked" in shown.stdout:
        return
    if shown.returncode != 0 or "not found" in shown.stdout:
        raise RuntimeError(f"{program} lacks a library:\n{shown.stdout}{shown.stderr}")
    for line in shown.stdout.splitlines():
        if found := _LIBRARY.search(line):
            yield Path(found[1])


def _write_cache(root: Path, directories: set[Path]) -> None:
    """Make the loader's own index, without which it looks in Debian's directories only."""
    config = root / "etc/ld.so.conf"
    config.write_text("".join(f"{directory}\n" for directory in sorted(directories)))
    subprocess.run(["ldconfig", "-X", "-r", root], check=True)
    config.unlink()
    shutil.rmtree(root / "var/cache/ldconfig", ignore_errors=True)


def record_packages(files: Iterable[Path], root: Path) -> None:
    """Leave word of which Debian packages these files are, where scanners of images look."""
    shown = subprocess.run(
        ["dpkg-query", "--search", *files], capture_output=True, text=True, check=False
    )  # fails when a file is in no package, as Python is in its official image
    names = {
        name.strip().partition(":")[0]
        for line in shown.stdout.splitlines()
        for name in line.rpartition(": ")[0].split(",")
    }
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    for entry in _PACKAGES.read_text().split("\n\n"):
        name = entry.partition("\n")[0].removeprefix("Package: ")
        if name in names:
            (folder / name).write_text(f"{entry}\n")
            _copy_licence(name, root)


def _copy_licence(name: str, root: Path) -> None:
    licence = Path("/usr/share/doc", name, "copyright")
    if licence.is_file():
        target = root / licence.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(licence, target)
