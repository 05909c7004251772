"""Who takes part, and the images they run from."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from local.commands import Watch, run
from local.errors import LocalError
from local.images import PYTHON
from local.workspace import Workspace

__all__ = ["BASELINE", "DRIVER", "FASTAPI", "OURS", "WITHOUT_BYTECODE", "Contestant", "build_image"]

_HERE = Path(__file__).resolve().parent
_APP = _HERE.parent.parent / "app"


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A program that is measured.

    Attributes:
        key: its name in results.
        title: its name for people.
        context: what its image is built from.
        settings: environment variables besides database and address.
        overlay: a file of ours that takes the place of one of the context's.
    """

    key: str
    title: str
    context: Path
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    overlay: tuple[Path, str] | None = None


OURS = Contestant(
    key="ours",
    title="TODO",
    context=_APP,
    # One client address sends everything: its limit is the only thing that is off.
    settings=MappingProxyType({"RATE_LIMIT_PER_SECOND": "0"}),
)
WITHOUT_BYTECODE = Contestant(
    key="without-bytecode",
    title="without bytecode",
    context=_APP,
    settings=OURS.settings,
    overlay=(_HERE / "without_bytecode" / "bytecode.py", "image/bytecode.py"),
)
BASELINE = Contestant(key="flask", title="Flask", context=_HERE / "peers" / "flask")
FASTAPI = Contestant(key="fastapi", title="FastAPI", context=_HERE / "peers" / "fastapi")
DRIVER = Contestant(key="driver", title="bare driver", context=_HERE / "peers" / "driver")


def build_image(workspace: Workspace, contestant: Contestant, watch: Watch) -> str:
    """Build a contestant's image on the ordinary Python base, and return its name."""
    tag = f"{workspace.image_prefix}/bench-{contestant.key}:1"
    with tempfile.TemporaryDirectory() as folder:
        context = contestant.context
        if contestant.overlay:
            context = Path(folder) / "context"
            ignored = shutil.ignore_patterns("__pycache__", ".env")
            shutil.copytree(contestant.context, context, ignore=ignored)
            file, place = contestant.overlay
            shutil.copy(file, context / place)
        run(
            ["docker", "build", "--build-arg", f"BASE_IMAGE={PYTHON}", "--tag", tag, str(context)],
            log=workspace.logs / f"image-bench-{contestant.key}.log",
            watch=watch,
            env=workspace.environment(),
        )
    return tag


def packed_bytes(image: str) -> int:
    """Size of an image as a registry holds it: gzip at its usual level."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    size = 0
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
        while chunk := saving.stdout.read(1 << 20) if saving.stdout else b"":
            size += len(packer.compress(chunk))
    if saving.returncode:
        raise LocalError(f"`docker save {image}` failed.", fix="Docker's message is above.")
    return size + len(packer.flush())
