"""Writes what an image holds as a CycloneDX bill of materials.

    python -m image.sbom IMAGE FILE

Everything is read from the image itself, so that nothing is listed which is not in it, and nothing
in it is missing; the same image gives the same text. Runs beside Docker, never inside the image.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path
from typing import Any, Final

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

__all__ = ["bill_of_materials", "main"]

_VERSION: Final = SchemaVersion.V1_6
_DISTRIBUTIONS: Final = "venv/lib/"
_DEBIAN_PACKAGES: Final = "var/lib/dpkg/status.d/"
_RELEASE: Final = "usr/lib/os-release"
_BASE: Final = "org.opencontainers.image.base.name"


def main(arguments: Sequence[str]) -> int:
    """Write the file."""
    image, file = arguments
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(bill_of_materials(image))
    sys.stdout.write(f"{file}\n")
    return 0


def bill_of_materials(image: str) -> str:
    """Return the bill of an image that Docker has, as JSON that fits CycloneDX's schema.

    Raises:
        ValueError: if the result does not.
        subprocess.CalledProcessError: if there is no such image.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        _extract(image, files)
        bom = _python_packages(files, Path(folder, "venv"))
        for component in [_interpreter(image), *_debian(files)]:
            bom.components.add(component)
    bom.metadata.component = _application(image)
    bom.register_dependency(bom.metadata.component, bom.components)
    # The library wants both and cannot know them; with either, no two bills would be the same.
    bom.serial_number = None  # type: ignore[assignment]
    bom.metadata.timestamp = None  # type: ignore[assignment]
    text = make_outputter(bom, OutputFormat.JSON, _VERSION).output_as_string(indent=2)
    if error := JsonStrictValidator(_VERSION).validate_str(text):
        raise ValueError(f"not CycloneDX {_VERSION.to_version()}: {error}")
    return f"{text}\n"


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def _extract(image: str, folder: Path) -> None:
    """Take out of the image what its packages say about themselves."""
    container = _docker("create", image)
    archive = folder.with_suffix(".tar")
    try:
        _docker("export", "--output", str(archive), container)
    finally:
        _docker("rm", container)
    with tarfile.open(archive) as tar:
        wanted = [member for member in tar if member.isfile() and _describes(member.name)]
        tar.extractall(folder, wanted, filter="data")


def _describes(name: str) -> bool:
    return name.startswith((_DEBIAN_PACKAGES, _RELEASE)) or ".dist-info/" in name


def _python_packages(files: Path, environment: Path) -> Bom:
    """Let the library describe an environment that has the same distributions."""
    venv.create(environment, symlinks=True)
    (site_packages,) = environment.glob("lib/python3.*/site-packages")
    for found in (files / _DISTRIBUTIONS).rglob("*.dist-info"):
        found.rename(site_packages / found.name)
    options = ["--output-reproducible", "--spec-version", _VERSION.to_version()]
    done = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", *options, str(environment)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    bom: Bom = Bom.from_json(json.loads(done.stdout))  # type: ignore[attr-defined]
    return bom


def _interpreter(image: str) -> Component:
    """Python itself, which is in no package where the base image has built it from source."""
    question = "import platform; print(platform.python_version())"
    version = _docker("run", "--rm", "--network=none", "--entrypoint=python", image, "-c", question)
    return _component(
        ComponentType.PLATFORM,
        PackageURL("generic", None, "python", version),
        cpe=f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
    )


def _debian(files: Path) -> list[Component]:
    """The packages that libraries were taken from."""
    lines = (files / _RELEASE).read_text().splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    number = release["VERSION_ID"].strip('"')
    components = []
    for file in sorted((files / _DEBIAN_PACKAGES).iterdir()):
        entry = HeaderParser().parsestr(file.read_text())
        qualifiers = {"arch": entry["Architecture"], "distro": f"debian-{number}"}
        purl = PackageURL("deb", "debian", entry["Package"], entry["Version"], qualifiers)
        components.append(_component(ComponentType.LIBRARY, purl))
    return components


def _component(kind: ComponentType, purl: PackageURL, **more: Any) -> Component:  # noqa: ANN401
    return Component(
        type=kind, name=purl.name, version=purl.version, purl=purl, bom_ref=str(purl), **more
    )


def _application(image: str) -> Component:
    labels: Mapping[str, str] = json.loads(
        _docker("image", "inspect", "--format", "{{json .Config.Labels}}", image)
    )
    base = Property(name=_BASE, value=labels[_BASE])
    return Component(type=ComponentType.CONTAINER, name="todo", bom_ref="todo", properties=[base])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
