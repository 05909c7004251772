"""docs/growth.md, gone through as somebody new to the product team would, in a clone of one's."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.simulate.figures import PAGE, blocks, filled

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / PAGE).read_text()
WHO = {
    f"GIT_{who}_{what}": "new@example.com"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("EMAIL", "NAME")
}


def section(title: str) -> str:
    _, found, rest = TEXT.partition(f"\n## {title}\n")
    assert found, title
    return rest.partition("\n## ")[0]


def commands(text: str) -> Iterator[str]:
    """What stands in blocks, those of lists included."""
    for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL):
        yield from (line.strip() for line in block.splitlines() if line.strip())


class Clone:
    """The sources as they are, committed to a branch `main` of a repository of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "Pulumi.prod.yaml"

    def run(self, command: str) -> str:
        """Do what the page says; make does not install what is there."""
        script = f'make() {{ command make -o packages "$@"; }}\n{command}'
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self.folder,
            env={**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        refused = "# refused" in command
        assert (done.returncode != 0) == refused, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def follow(self, title: str, *, after: int = 0, upto: int | None = None) -> list[str]:
        """Carry out a section's commands, or some of them, and return what each said."""
        return [self.run(command) for command in [*commands(section(title))][after:upto]]

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1, old
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    names = subprocess.run(
        ["git", "ls-files", "-z", "*.yaml", "Makefile", "ops", "local", "pulumi", ".gitignore"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    made = Clone(tmp_path)
    made.run("git init -q -b main && echo .venv >> .git/info/exclude")
    made.run("git add . && git commit -q -m start")
    return made


def test_a_change_is_tried_made_merged_and_undone_as_the_page_says(clone: Clone) -> None:
    before = clone.file.read_text()
    _, tried = clone.follow("Change something", upto=2)
    assert "peak                       6000 req/s     9000 req/s  ←" in tried
    assert all(heading in tried for heading in ("Takes effect:", "Worth knowing:"))

    clone.edit("peakRequestsPerSecond: 6000", "peakRequestsPerSecond: 9000")
    clone.edit("size: large", "size: xlarge")
    plan, simulated, _, owned, refused, _ = clone.follow("Change something", after=2)
    assert "9000 req/s" in plan
    assert "your plan: 0 % of the minutes that plain defaults are short" in simulated
    assert "product team only (todo:capacity, todo:database in Pulumi.prod.yaml)" in owned
    assert "Ways out: " in refused

    clone.run("git switch -q main && git merge -q --ff-only more-capacity")
    _, _, plan, owned = clone.follow("Undo")
    assert "6000 req/s" in plan
    assert "product team only" in owned
    assert clone.file.read_text() == before


def test_a_launch_that_is_written_as_on_the_page_finds_its_tasks(clone: Clone) -> None:
    (yaml,) = re.findall(r"```yaml\n(.*?)```", section("Prepare a launch"), flags=re.DOTALL)
    text = clone.file.read_text()
    before, _, rest = text.partition("  todo:capacity:\n")
    clone.file.write_text(before + yaml + rest[rest.index("  todo:database:") :])
    plan, simulated = clone.follow("Prepare a launch")
    assert "Event launch: traffic more than doubles at once. Deploy between" in plan
    (minutes,) = [line for line in simulated.splitlines() if "minutes short of tasks" in line]
    assert minutes.split()[-1] == "0.0"
    assert "announced" in simulated


def test_what_to_try_when_an_alarm_says_ceiling_can_be_tried(clone: Clone) -> None:
    (plan,) = clone.follow("An alarm says `capacity-ceiling`")
    assert "tasks at most: " in plan


def test_every_command_of_the_page_is_carried_out_or_needs_a_system() -> None:
    """Those in blocks are carried out above; what else is named is one of them, or needs one."""
    named = set(re.findall(r"`make ([a-z-]+)", TEXT))
    in_blocks = {word for line in commands(TEXT) for word in re.findall(r"^make ([a-z-]+)", line)}
    assert in_blocks == {"plan", "simulate", "ownership"}
    assert named - in_blocks == {"up", "rehearse", "verify"}
    titles = ("Change something", "Prepare a launch", "An alarm says `capacity-ceiling`", "Undo")
    assert [*commands(TEXT)] == [line for title in titles for line in commands(section(title))]


def test_the_figures_of_the_page_are_those_of_the_simulator_and_of_the_plan() -> None:
    assert filled(TEXT, blocks(ROOT)) == TEXT, "run `make figures`"


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="is on the page 0 times, and should be once"):
        filled("# A page", {"worth": ["| |"]})
