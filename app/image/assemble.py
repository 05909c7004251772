"""Puts together a root file system that runs Python and one virtual environment, and nothing else.

Run in the build stage by the base image's own Python, wherever that has its files:

    python -m image.assemble runtime VENV ROOT   # Python, libraries, packages
    python -m image.assemble compile ROOT        # leave bytecode in place of sources
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from image.bytecode import replace_sources
from image.left_out import left_out
from image.libraries import copy_libraries, is_elf, record_packages

__all__ = ["main"]

_USER: Final = 65532
_ETC: Final = {
    "passwd": f"root:x:0:0:root:/:/sbin/nologin\ntodo:x:{_USER}:{_USER}:todo:/:/sbin/nologin\n",
    "group": f"root:x:0:\ntodo:x:{_USER}:\n",
}
_PROGRAM: Final = re.compile(r"python3\.\d+|ld-linux.*\.so\.\d+")


def main(arguments: Sequence[str]) -> int:
    """Run one of the two commands."""
    match arguments:
        case ["runtime", venv, root]:
            _runtime(Path(venv), Path(root))
        case ["compile", root]:
            replace_sources(Path(root), prefix=Path(root), docstrings=True)
            _set_modes(Path(root))
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def _runtime(venv: Path, root: Path) -> None:
    (root / "etc").mkdir(parents=True)
    interpreter = Path(sys.executable).resolve()
    _copy(interpreter, root)
    _copy_python(root, Path(sysconfig.get_path("stdlib")), library=True)
    _copy_environment(venv, root, interpreter)
    programs = _programs(root)
    libraries = copy_libraries([interpreter, *programs], root)
    subprocess.run(["strip", "--strip-unneeded", *_programs(root)], check=True)
    record_packages([*libraries, *(Path("/", path.relative_to(root)) for path in programs)], root)
    for name, text in _ETC.items():
        (root / "etc" / name).write_text(text)
    _copy(Path("/usr/lib/os-release"), root)
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    replace_sources(root, prefix=root, docstrings=False)
    _set_modes(root)


def _copy(file: Path, root: Path) -> None:
    target = root / file.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, target)


def _copy_python(root: Path, directory: Path, *, library: bool) -> None:
    shutil.copytree(
        directory,
        root / directory.relative_to("/"),
        ignore=_ignore(directory, library=library),
        ignore_dangling_symlinks=True,
    )


def _ignore(top: Path, *, library: bool) -> Callable[[str, list[str]], list[str]]:
    def ignored(directory: str, names: list[str]) -> list[str]:
        inside = PurePosixPath(directory).relative_to(top)
        return [name for name in names if left_out(inside / name, library=library)]

    return ignored


def _copy_environment(venv: Path, root: Path, interpreter: Path) -> None:
    """Copy what was installed, without pip's and its packages' commands."""
    (packages,) = venv.glob("lib/python3.*/site-packages")
    _copy_python(root, packages, library=False)
    _copy(venv / "pyvenv.cfg", root)
    command = root / venv.relative_to("/") / "bin/python"
    command.parent.mkdir()
    command.symlink_to(interpreter)


def _programs(root: Path) -> list[Path]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in files if is_elf(path)]


def _set_modes(root: Path) -> None:
    """Let everybody read everything and nobody write, whatever the machine that builds says."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or _PROGRAM.fullmatch(path.name) else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
