import os
from pathlib import Path

import pytest

from local.toolchain.build_context import context_digest


@pytest.fixture
def context(tmp_path: Path) -> Path:
    context = tmp_path / "context"
    (context / "src").mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\n")
    (context / "src" / "app.py").write_text("print()\n")
    (context / ".dockerignore").write_text("# comments are skipped\n*.log\ncache/\n!cache/keep\n")
    return context


def digest(context: Path) -> str:
    return context_digest(context, context / "Dockerfile")


def test_times_do_not_count(context: Path) -> None:
    before = digest(context)
    os.utime(context / "src" / "app.py", (0, 0))
    assert digest(context) == before


def test_ignored_files_do_not_count(context: Path) -> None:
    before = digest(context)
    (context / "debug.log").write_text("noise")
    assert digest(context) == before


def test_files_excepted_from_an_ignored_directory_count(context: Path) -> None:
    (context / "cache").mkdir()
    (context / "cache" / "keep").write_text("1")
    before = digest(context)
    (context / "cache" / "keep").write_text("2")
    assert digest(context) != before


def change_content(context: Path) -> None:
    (context / "src" / "app.py").write_text("print(1)\n")


def change_mode(context: Path) -> None:
    (context / "src" / "app.py").chmod(0o755)


def rename(context: Path) -> None:
    (context / "src" / "app.py").rename(context / "src" / "main.py")


def add_empty_directory(context: Path) -> None:
    (context / "data").mkdir()


def change_dockerfile(context: Path) -> None:
    (context / "Dockerfile").write_text("FROM scratch\nUSER 1\n")


def change_ignored_patterns(context: Path) -> None:
    (context / ".dockerignore").write_text("src\n")


@pytest.mark.parametrize(
    "change",
    [
        change_content,
        change_mode,
        rename,
        add_empty_directory,
        change_dockerfile,
        change_ignored_patterns,
    ],
)
def test_what_the_builder_sees_counts(context: Path, change: object) -> None:
    before = digest(context)
    assert callable(change)
    change(context)
    assert digest(context) != before


def test_a_link_counts_by_its_target_not_by_what_is_there(context: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("1")
    (context / "link").symlink_to("../outside")
    before = digest(context)
    outside.write_text("2")
    assert digest(context) == before
    (context / "link").unlink()
    (context / "link").symlink_to("../elsewhere")
    assert digest(context) != before


def test_a_dockerfile_outside_of_the_context_counts(context: Path, tmp_path: Path) -> None:
    dockerfile = tmp_path / "other.Dockerfile"
    dockerfile.write_text("FROM scratch\n")
    before = context_digest(context, dockerfile)
    dockerfile.write_text("FROM scratch\nUSER 1\n")
    assert context_digest(context, dockerfile) != before


def test_moving_the_context_changes_nothing(context: Path, tmp_path: Path) -> None:
    before = digest(context)
    assert digest(context.rename(tmp_path / "moved")) == before
