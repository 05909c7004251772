import dataclasses
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import pytest

from local.errors import LocalError
from local.toolchain.build import GoProgram, build
from local.toolchain.versions import required_version

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")

GREETING = 'package main\n\nvar word = "nothing"\n\nfunc main() { println(word) }\n'


@pytest.fixture
def program(tmp_path: Path) -> GoProgram:
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example/greeting\n\ngo 1.21\n")
    (module / "main.go").write_text(f"// {tmp_path}\n{GREETING}")  # nothing Go has compiled before
    return GoProgram(name="greeting", module=module, package=".", linker_flags="-X main.word=hello")


@needs_go
def test_builds_once_and_then_answers_from_the_cache(program: GoProgram, tmp_path: Path) -> None:
    lines: list[str] = []
    first = build(program, tmp_path / "cache", lines.append)
    built = first.stat()
    second = build(program, tmp_path / "cache", lines.append)
    assert second == first
    assert second.stat() == built
    assert lines, "the compiler's progress reaches the watcher"
    assert first.parent.name.startswith("greeting-")
    assert len(first.parent.name) == len("greeting-") + 12


@needs_go
def test_a_relative_cache_is_one_of_the_working_directory(
    program: GoProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    executable = build(program, Path("cache"))
    assert executable.is_file()
    assert executable.is_relative_to(tmp_path / "cache")


@needs_go
@pytest.mark.parametrize("file", ["main.go", "go.mod", "embedded.json"])
def test_changed_sources_are_another_build(program: GoProgram, tmp_path: Path, file: str) -> None:
    before = build(program, tmp_path / "cache")
    with (program.module / file).open("a") as source:
        source.write("\n")
    assert build(program, tmp_path / "cache") != before


@needs_go
def test_changed_flags_are_another_build(program: GoProgram, tmp_path: Path) -> None:
    before = build(program, tmp_path / "cache")
    other = dataclasses.replace(program, linker_flags="-X main.word=bye")
    assert build(other, tmp_path / "cache") != before


@needs_go
def test_builds_of_one_program_at_the_same_time_agree(program: GoProgram, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        built = set(threads.map(lambda _: build(program, tmp_path / "cache"), range(3)))
    assert len(built) == 1
    directories = [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
    assert directories == [built.pop().parent]


@needs_go
def test_a_failed_build_shows_why_and_leaves_nothing(program: GoProgram, tmp_path: Path) -> None:
    (program.module / "main.go").write_text("package main\n\nfunc main() { undefinedCall() }\n")
    with pytest.raises(LocalError, match=r"(?s)undefined: undefinedCall.*GOPROXY"):
        build(program, tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


@needs_go
def test_go_sum_is_never_changed_by_a_build(program: GoProgram, tmp_path: Path) -> None:
    (program.module / "main.go").write_text(
        'package main\n\nimport _ "golang.org/x/text/language"\n\nfunc main() {}\n'
    )
    with pytest.raises(LocalError, match="disabled by -mod=readonly"):
        build(program, tmp_path / "cache")
    assert not (program.module / "go.sum").exists()


@needs_go
def test_names_the_version_when_go_is_too_old(
    program: GoProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOTOOLCHAIN", "local")
    (program.module / "go.mod").write_text("module example/greeting\n\ngo 1.999\n")
    with pytest.raises(LocalError, match=r"(?s)too old.*Install Go 1\.999 or newer"):
        build(program, tmp_path / "cache")


def test_says_what_to_install_when_go_is_missing(
    program: GoProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match=r"(?s)`go` is not installed.*Install Go 1\.21 or newer"):
        build(program, tmp_path / "cache")


def test_plugin_versions_are_those_pinned_for_the_program() -> None:
    for package in ("pulumi-aws", "pulumi-docker", "pulumi-terraform"):
        assert required_version(package) == metadata.version(package)


def test_refuses_an_sdk_that_is_not_pinned(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("pulumi-aws>=7\n")
    with pytest.raises(LocalError, match="does not pin pulumi-aws"):
        required_version("pulumi-aws", requirements)
