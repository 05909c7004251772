import os
from pathlib import Path

import pytest

from todo_infra.build_context import content_hash, files


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "todo_app/api.py", "todo_app/__pycache__/api.pyc", "docs/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def hash_of(context: Path) -> str:
    return content_hash(context, {"platform": "linux/amd64"})


def names(context: Path) -> list[str]:
    return [path.relative_to(context).as_posix() for path in files(context)]


def test_the_hash_changes_with_a_files_content(context: Path) -> None:
    before = hash_of(context)
    (context / "todo_app" / "api.py").write_text("changed")
    assert hash_of(context) != before


def test_the_hash_changes_with_a_files_name(context: Path) -> None:
    before = hash_of(context)
    (context / "todo_app" / "api.py").rename(context / "todo_app" / "web.py")
    assert hash_of(context) != before


def test_the_hash_changes_when_a_file_becomes_executable(context: Path) -> None:
    before = hash_of(context)
    (context / "Dockerfile").chmod(0o755)
    assert hash_of(context) != before


def test_the_hash_changes_with_where_a_link_leads(context: Path) -> None:
    (context / "link").symlink_to("Dockerfile")
    before = hash_of(context)
    (context / "link").unlink()
    (context / "link").symlink_to("docs")
    assert hash_of(context) != before


def test_the_hash_changes_with_the_build_settings(context: Path) -> None:
    other = content_hash(context, {"platform": "linux/arm64"})
    assert other != hash_of(context)


def test_a_file_that_spells_out_two_others_has_another_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("X")
    (tmp_path / "b").write_text("Y")
    two_files = hash_of(tmp_path)
    (tmp_path / "a").write_text("Xb-Y")
    (tmp_path / "b").unlink()
    assert hash_of(tmp_path) != two_files


def test_the_hash_does_not_change_with_time(context: Path) -> None:
    before = hash_of(context)
    os.utime(context / "Dockerfile", (1, 1))
    assert hash_of(context) == before


def test_the_hash_does_not_change_with_the_place_of_the_project(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "Dockerfile").write_text("FROM scratch")
    assert hash_of(tmp_path / "one") == hash_of(tmp_path / "two")


def test_the_hash_changes_with_a_dockerfile_that_is_ignored(context: Path) -> None:
    (context / ".dockerignore").write_text("*\n!todo_app\n")
    before = hash_of(context)
    (context / "Dockerfile").write_text("FROM another")
    assert hash_of(context) != before


def test_the_hash_does_not_change_with_an_ignored_file(context: Path) -> None:
    (context / ".dockerignore").write_text("**/__pycache__\n")
    before = hash_of(context)
    (context / "todo_app" / "__pycache__" / "api.pyc").write_text("another Python")
    assert hash_of(context) == before


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("", ["Dockerfile", "docs/a.md", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
        ("docs", ["Dockerfile", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
        ("/docs/\n", ["Dockerfile", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
        ("**/*.py?", ["Dockerfile", "docs/a.md", "todo_app/api.py"]),
        ("*.md", ["Dockerfile", "docs/a.md", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
        ("# docs\n\n*/*.md", ["Dockerfile", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
        ("*\n!todo_app\n**/__pycache__", ["Dockerfile", "todo_app/api.py"]),
        ("!docs\ndocs", ["Dockerfile", "todo_app/__pycache__/api.pyc", "todo_app/api.py"]),
    ],
)
def test_ignores_what_docker_ignores(context: Path, rules: str, left: list[str]) -> None:
    (context / ".dockerignore").write_text(rules)
    assert sorted(name for name in names(context) if name != ".dockerignore") == left
