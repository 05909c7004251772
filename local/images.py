"""Container images that a local run starts from: pulled if a registry answers, else built here."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.certificates import ensure_authority
from local.commands import Watch, reachable, run
from local.docker_engine import install_packages
from local.workspace import Workspace

__all__ = [
    "PYTHON",
    "database_image",
    "emulator_image",
    "ensure_database_image",
    "ensure_emulator_image",
    "ensure_python_image",
    "stand_ins",
]

_NAMESPACE = "todo-local"  # of our own, so that no official name is ever shadowed

PYTHON = f"{_NAMESPACE}/python:3.13"
"""The app's base image, as `todo:image.baseImage` in Pulumi.local.yaml names it."""

_HERE = Path(__file__).resolve().parent
_EMULATOR_MODULES = (
    *("__init__.py", "errors.py", "time_lapse.py", "metrics.py", "task_metrics.py"),
    *("emulator_backups.py", "emulator_databases.py", "emulator_snapshots.py"),
    *("emulator_containers.py", "emulator_deployments.py", "emulator_metrics.py"),
    *("emulator_server.py", "emulator_tasks.py"),
)
_REGISTRY = "https://registry-1.docker.io/v2/"
_HOST_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, kw_only=True)
class _Base:
    """A base image: its official name, and what makes a stand-in of Debian packages.

    Attributes:
        tag: our name for whichever of the two it is.
        official: name in the public registry.
        suite: Debian release that has the wanted version.
        packages: what the stand-in holds besides Debian's minimal base.
        setup: shell commands run in its root file system; `$1` is the root.
        options: of `docker pull` and `docker build`.
    """

    tag: str
    official: str
    suite: str
    packages: tuple[str, ...]
    setup: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_PYTHON_BASE = _Base(
    tag=PYTHON,
    official="python:3.13-slim-trixie",
    suite="trixie",
    packages=("python3", "python3-venv", "python3-pip", "ca-certificates"),
    setup=('ln -s python3 "$1/usr/bin/python"',),
    # What the stack's own image is for (todo:image.platform), whatever this machine is.
    options=("--platform", "linux/amd64"),
)
_MYSQL_BASE = _Base(
    tag=f"{_NAMESPACE}/mysql-base:8.4",
    official="mysql:8.4",
    suite="bookworm",
    packages=("mariadb-server", "openssl"),
    setup=('rm -rf "$1/var/lib/mysql/"*',),
)


def database_image(workspace: Workspace) -> str:
    """What the emulator starts for an RDS instance of MySQL 8.4, under its image prefix."""
    return f"{workspace.image_prefix}/mysql:8.4"


def emulator_image(workspace: Workspace) -> str:
    """MiniStack, its load balancer, and the Application Auto Scaling endpoint."""
    return f"{workspace.image_prefix}/emulator:1"


def ensure_python_image(workspace: Workspace, watch: Watch) -> str:
    """Have the app's base image."""
    return _ensure_base(workspace, _PYTHON_BASE, watch)


def ensure_database_image(workspace: Workspace, watch: Watch) -> str:
    """Have the database image, whose certificate authority is made here, once."""
    came_from = _ensure_base(workspace, _MYSQL_BASE, watch)
    ensure_authority(workspace, "database")
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "mysql"
        shutil.copytree(_HERE / "mysql_image", context)
        for name in ("ca.pem", "ca.key"):
            shutil.copy(workspace.tls / f"database-{name}", context / name)
        _build(workspace, context, database_image(workspace), _MYSQL_BASE, watch)
    return came_from


def ensure_emulator_image(workspace: Workspace, watch: Watch) -> str:
    """Have the image of the AWS endpoints; the Python image must be there already."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "emulator"
        shutil.copytree(_HERE / "emulator_image", context)
        shutil.copy(workspace.root / "constraints.txt", context)
        sources = context / "local"
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("autoscaling_api", "load_balancer"):
            shutil.copytree(_HERE / name, sources / name, ignore=ignored)
        for name in _EMULATOR_MODULES:
            shutil.copy(_HERE / name, sources / name)
        _build(workspace, context, emulator_image(workspace), _PYTHON_BASE, watch)
    return "built"


def _build(workspace: Workspace, context: Path, tag: str, base: _Base, watch: Watch) -> None:
    options = (*base.options, "--build-arg", f"BASE_IMAGE={base.tag}", "--tag", tag)
    run(
        ["docker", "build", *options, str(context)],
        log=workspace.logs / f"image-{context.name}.log",
        watch=watch,
        env=workspace.environment(),
    )


def stand_ins() -> list[str]:
    """Official names of the base images that were built here instead."""
    return [base.official for base in (_PYTHON_BASE, _MYSQL_BASE) if _is_stand_in(base)]


def _ensure_base(workspace: Workspace, base: _Base, watch: Watch) -> str:
    if _labels(base.tag) is None:
        log = workspace.logs / f"image-{base.official.partition(':')[0]}-base.log"
        if reachable(_REGISTRY):
            run(["docker", "pull", *base.options, base.official], log=log, watch=watch)
            run(["docker", "tag", base.official, base.tag], log=log.with_suffix(".tag.log"))
        else:
            _build_stand_in(workspace, base, log, watch)
    return f"stand-in for {base.official}" if _is_stand_in(base) else base.official


def _is_stand_in(base: _Base) -> bool:
    return "stand-in" in (_labels(base.tag) or "")


def _labels(tag: str) -> str | None:
    if shutil.which("docker") is None:
        return None
    shown = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", tag],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout if shown.returncode == 0 else None


def _build_stand_in(workspace: Workspace, base: _Base, log: Path, watch: Watch) -> None:
    if shutil.which("mmdebstrap") is None:
        install_packages(workspace, "mmdebstrap", "debian-archive-keyring", watch=watch)
    workspace.cache.mkdir(parents=True, exist_ok=True)
    # A network that inspects TLS has an authority of its own, which this machine trusts already.
    trust = [f"copy-in {_HOST_CA_BUNDLE} /etc/ssl/certs"] if _HOST_CA_BUNDLE.exists() else []
    commands = ('mkdir -p "$1/etc/ssl/certs"', *trust, *base.setup)
    hooks = [f"--customize-hook={command}" for command in commands]
    with tempfile.TemporaryDirectory(dir=workspace.cache) as folder:
        archive = Path(folder) / "root.tar"
        run(
            [
                *("mmdebstrap", "--variant=minbase", f"--include={','.join(base.packages)}"),
                *(*hooks, base.suite, str(archive)),
            ],
            log=log,
            watch=watch,
        )
        run(
            [
                *("docker", "import"),
                *("--change", "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
                *("--change", f"ENV PIP_CERT={_HOST_CA_BUNDLE}"),
                *("--change", "LABEL todo.local.source=stand-in"),
                str(archive),
                base.tag,
            ],
            log=log.with_suffix(".import.log"),
            watch=watch,
        )
