"""The documentation says what is there."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from todo_infra import config

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "policies" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
TARGET = re.compile(r"^([a-z][a-z-]*):(.*)$", re.MULTILINE)


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def targets() -> dict[str, str]:
    """What follows each target's name in the Makefile."""
    return dict(TARGET.findall((ROOT / "Makefile").read_text()))


def test_every_make_target_is_explained(targets: dict[str, str]) -> None:
    assert [name for name, rest in targets.items() if " ## " not in f" {rest}"] == []


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_make_target_that_is_named_exists(page: Path, targets: dict[str, str]) -> None:
    named = set(re.findall(r"\bmake (?:-s )?([a-z][a-z-]*)", _code(page.read_text())))
    assert named - targets.keys() == set()


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_test_that_is_named_exists(page: Path) -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    text = page.read_text()
    named = re.findall(r"`(test_[a-z0-9_]+)`", text)
    assert [name for name in named if f"def {name}(" not in sources] == []
    paths = re.findall(r"`(tests/[a-z_/]+\.py)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_growth_page_explains_every_key_of_the_product_team() -> None:
    page = (ROOT / "docs" / "growth.md").read_text()
    explained = set(re.findall(r"`(todo:(?:capacity|database)\.\w+)`", page))
    sections = {"todo:capacity": config.Capacity, "todo:database": config.Database}
    keys = {
        f"{section}.{_camel_case(field.name)}"
        for section, settings in sections.items()
        for field in fields(settings)
    }
    assert explained == keys


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    words = [word.removesuffix("gib").title() + ("GiB" if word == "gib" else "") for word in rest]
    return first + "".join(words)


def _code(text: str) -> str:
    """What stands in code, in blocks or in lines."""
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", text, flags=re.DOTALL))


def test_the_architecture_page_names_the_programs_modules() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_*]+(?:\.py|/))`", page)) - {"local/", "terraform/"}
    root = ROOT / "pulumi" / "todo_infra"
    assert [name for name in sorted(named) if not list(root.glob(name))] == []
