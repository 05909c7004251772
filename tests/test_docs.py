"""The documentation says what is there."""

import itertools
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.documents import Page
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


def _dead_links(page: Page) -> list[str]:
    """Links to files that are not there, or to headings that are not in them."""
    dead = []
    for link in page.links():
        name, _, anchor = link.partition("#")
        target = page.path.parent / name if name else page.path
        is_there = not name or target.exists()
        if is_there and anchor and target.suffix == ".md":
            is_there = anchor in (Page.read(target) if name else page).anchors()
        if not is_there:
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    assert _dead_links(Page.read(page)) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = (
        "# A title: with `code`, twice\n# A title: with `code`, twice\n"
        "[1](#a-title-with-code-twice) [2](#a-title-with-code-twice-1) [3](https://x/y.md#z)\n"
        "[4](#a-title-with-code-twice-2) [5](gone.md) [6](growth.md#gone) [7](growth.md#undo)\n"
    )
    page = Page(path=ROOT / "docs" / "made-up.md", text=text)
    assert _dead_links(page) == ["#a-title-with-code-twice-2", "gone.md", "growth.md#gone"]


@pytest.mark.parametrize(
    ("page", "other"), [*itertools.permutations(("runbook", "secure-traffic", "growth"), 2)]
)
def test_the_pages_for_work_lead_to_each_other(page: str, other: str) -> None:
    links = Page.read(ROOT / "docs" / f"{page}.md").links()
    assert any(link.partition("#")[0] == f"{other}.md" for link in links)
    readme = Page.read(ROOT / "README.md").links()
    assert f"docs/{page}.md" in readme


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
