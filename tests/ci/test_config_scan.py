"""`make scan-config`: what is left out has a reason, and what is looked for is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HADOLINT = Path(sys.executable).parent / "hadolint"
CHECKOV = ROOT / ".local" / "checkov" / "bin" / "checkov"


def run(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("name", [".checkov.yaml", ".hadolint.yaml"])
def test_whatever_is_left_out_has_a_reason(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    listed = [n for n, line in enumerate(lines) if line.startswith("  - ") and line[4:6].isupper()]
    assert listed
    assert [lines[n] for n in listed if not lines[n - 1].startswith("  # ")] == []


def test_the_dockerfile_keeps_to_hadolints_rules() -> None:
    done = run(HADOLINT, "app/Dockerfile")
    assert done.returncode == 0, done.stdout


def test_a_worse_dockerfile_is_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".hadolint.yaml", tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN sudo true\n")
    done = run(HADOLINT, "Dockerfile", cwd=tmp_path)
    assert done.returncode == 1
    assert "DL3007" in done.stdout
    assert "DL3004" in done.stdout


@pytest.mark.skipif(not CHECKOV.exists(), reason="`make scan-config` installs checkov")
@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("terraform/registry.tf", "scan_on_push = true", "scan_on_push = false", "CKV_AWS_163"),
        ("terraform/registry.tf", '"IMMUTABLE"', '"MUTABLE"', "CKV_AWS_51"),
        ("app/Dockerfile", "USER 65532:65532", "USER root", "CKV_DOCKER_8"),
    ],
)
def test_worse_infrastructure_is_found(
    tmp_path: Path, file: str, old: str, new: str, rule: str
) -> None:
    for name in ("terraform", "app"):
        ignored = shutil.ignore_patterns(".terraform", "__pycache__", "*.tfstate*")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / ".checkov.yaml", tmp_path)
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new))
    done = run(CHECKOV, "--config-file", ".checkov.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert rule in done.stdout
