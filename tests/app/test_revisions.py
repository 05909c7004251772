"""The revisions of the schema, as they are written; what they do to a server is an engine test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.expand_contract import EXAMPLE, findings, with_revisions
from todo_app.migrations.upgrade import SCRIPTS, alembic_config
from todo_app.schema import EXPECTED_REVISION, is_new_enough

EXPANDING = """
from alembic import op
from todo_app.migrations.steps import add_column, add_index
revision, down_revision = "0002", "0001"
def upgrade():
    {body}
"""
CONTRACTING = """
from alembic import op
revision, down_revision = "{revision}", "{before}"
contract = {contract}
{more}
def upgrade():
    op.execute("ALTER TABLE todos DROP COLUMN title")
"""


def directory(scripts: Path = SCRIPTS) -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(scripts))


def scripts_with(tmp_path: Path, *sources: str) -> Path:
    files = []
    for number, source in enumerate(sources, 2):
        files.append(tmp_path / f"v{number:04}_more.py")
        files[-1].write_text(source)
    return with_revisions(tmp_path / "scripts", *files)


def test_revisions_are_one_counted_chain() -> None:
    scripts = list(reversed(list(directory().walk_revisions())))
    names = [script.revision for script in scripts]
    assert names == [f"{number:04}" for number in range(1, len(scripts) + 1)]
    assert [script.down_revision for script in scripts] == [None, *names[:-1]]
    assert not any(script.branch_labels or script.dependencies for script in scripts)
    assert [Path(script.path).name[:6] for script in scripts] == [f"v{name}_" for name in names]


def test_this_release_expects_what_it_makes() -> None:
    assert directory().get_current_head() == EXPECTED_REVISION


@pytest.mark.parametrize(
    ("revision", "enough"),
    [
        (EXPECTED_REVISION, True),
        (f"{int(EXPECTED_REVISION) + 1:04}", True),
        ("9999", True),
        (f"{int(EXPECTED_REVISION) - 1:04}", False),
        ("", False),
        ("9", False),
        ("ae1027a6acf9", False),
    ],
)
def test_a_newer_schema_is_fine_and_an_older_or_foreign_one_is_not(
    revision: str, enough: bool
) -> None:
    assert is_new_enough(revision) is enough


def test_every_revision_can_be_survived_by_the_release_before() -> None:
    assert findings() == []


def test_a_revision_that_only_adds_passes(tmp_path: Path) -> None:
    assert findings(with_revisions(tmp_path / "scripts", EXAMPLE)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE IF NOT EXISTS notes (id INT PRIMARY KEY, todo INT UNIQUE COMMENT 'DROP; --')",
        "ALTER TABLE `todos` ADD COLUMN price DECIMAL(10, 2) NOT NULL DEFAULT 0, LOCK = NONE",
        "ALTER TABLE todos ADD INDEX todos_title (title), ADD COLUMN note TEXT",
    ],
)
def test_other_ways_to_add_pass(tmp_path: Path, statement: str) -> None:
    body = f"op.execute({statement!r})"
    assert findings(scripts_with(tmp_path, EXPANDING.format(body=body))) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("op.drop_table('todos')", "not among"),
        ("op.execute('drop table if exists todos')", "not among"),
        ("op.rename_table('todos', 'items')", "changes or removes"),
        ("op.execute('RENAME TABLE todos TO items')", "not among"),
        ("op.execute('TRUNCATE TABLE todos')", "not among"),
        ("op.execute('UPDATE todos SET completed = 1')", "not among"),
        ("op.execute('CREATE VIEW v AS SELECT 1')", "not among"),
        ("op.execute('/* CREATE TABLE IF NOT EXISTS x (a INT) */ DROP TABLE todos')", "not among"),
        ("op.drop_column('todos', 'title')", "changes or removes"),
        ("op.execute('ALTER TABLE todos MODIFY title VARCHAR(99)')", "changes or removes"),
        ("op.execute('ALTER TABLE todos CHANGE title name TEXT')", "changes or removes"),
        ("op.execute('ALTER TABLE todos ALTER COLUMN completed DROP DEFAULT')", "changes or"),
        ("op.execute('ALTER TABLE todos ADD COLUMN n INT, DROP COLUMN title')", "changes or"),
        ("op.execute('ALTER TABLE todos ADD UNIQUE (title)')", "changes or removes"),
        ("op.execute('ALTER TABLE todos CONVERT TO CHARACTER SET latin1')", "changes or removes"),
        ("add_column('todos', 'note', 'TEXT NOT NULL')", "does not fill"),
        ("add_column('todos', 'note', 'TEXT NOT NULL COMMENT \"DEFAULT\"')", "does not fill"),
        ("""add_column("todos", "n", "TEXT NOT NULL COMMENT 'DEFAULT'")""", "does not fill"),
        ("add_column('todos', 'n', 'INT NULL UNIQUE')", "demand"),
        ("add_column('todos', 'n', 'INT NULL CHECK (n > 0)')", "demand"),
        ("op.execute('CREATE UNIQUE INDEX i ON todos (title)')", "refuses rows"),
        ("op.execute('CREATE TABLE notes (id INT)')", "cannot run again"),
        ("op.execute('CREATE TABLE IF NOT EXISTS todos (id INT)')", "there already"),
        (
            "op.execute('CREATE TABLE IF NOT EXISTS n (t BIGINT REFERENCES todos (id))')",
            "keeps rows of todos",
        ),
    ],
)
def test_a_revision_that_takes_away_or_demands_is_found(
    tmp_path: Path, body: str, reason: str
) -> None:
    (finding,) = findings(scripts_with(tmp_path, EXPANDING.format(body=body)))
    assert finding.startswith("0002: ")
    assert reason in finding


def test_a_revision_that_contracts_what_an_earlier_one_replaced_passes(tmp_path: Path) -> None:
    contracting = CONTRACTING.format(
        revision="0003", before="0002", contract=True, more='expanded_by = "0002"'
    )
    assert findings(scripts_with(tmp_path, EXAMPLE.read_text(), contracting)) == []


@pytest.mark.parametrize(
    ("contract", "more", "reason"),
    [
        (False, 'expanded_by = "0002"', "changes or removes"),
        (True, "", "expanded_by is None"),
        (True, 'expanded_by = "0003"', "no revision before it"),
        (True, 'expanded_by = "0009"', "no revision before it"),
    ],
)
def test_a_revision_that_contracts_says_what_had_expanded(
    tmp_path: Path, contract: bool, more: str, reason: str
) -> None:
    contracting = CONTRACTING.format(revision="0003", before="0002", contract=contract, more=more)
    (finding,) = findings(scripts_with(tmp_path, EXAMPLE.read_text(), contracting))
    assert reason in finding


def test_one_contraction_is_no_reason_for_another(tmp_path: Path) -> None:
    first = CONTRACTING.format(
        revision="0002", before="0001", contract=True, more='expanded_by = "0001"'
    )
    second = CONTRACTING.format(
        revision="0003", before="0002", contract=True, more='expanded_by = "0002"'
    )
    (finding,) = findings(scripts_with(tmp_path, first, second))
    assert "contracts itself" in finding


def test_a_revision_that_was_taken_back_leaves_nothing(tmp_path: Path) -> None:
    """Bytecode of it may be left, and must not count where there are sources."""
    scripts = with_revisions(tmp_path / "scripts", EXAMPLE)
    assert directory(scripts).get_current_head() == "0002"
    compiled = scripts / "versions" / "__pycache__"
    subprocess.run([sys.executable, "-m", "compileall", "-q", scripts / "versions"], check=True)
    assert list(compiled.glob("v0002_*.pyc"))
    (scripts / "versions" / EXAMPLE.name).unlink()
    assert directory(scripts).get_current_head() == "0001"


def test_serving_does_not_load_what_only_migrating_needs() -> None:
    code = (
        "import sys, todo_app.__main__\nassert not {'alembic', 'sqlalchemy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS.parents[1], check=True)
