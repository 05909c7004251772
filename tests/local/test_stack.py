import shutil
from pathlib import Path

from local import stack
from local.workspace import Workspace

UP = """Updating (local):
    pulumi:pulumi:Stack todo-local running
Resources:
    + 3 to create

Outputs:
    url: "http://todo/"

Resources:
    + 2 created
    35 unchanged

Duration: 4s
"""

FAILED = """Previewing update (local):
    pulumi:pulumi:Stack todo-local running
Policies:
    ❌ todo@v1.0.0 (local: policies)
        - [mandatory]  database-tls-required  (aws:rds/instance:Instance: todo-database)
"""


def test_the_summary_is_that_of_the_update_not_of_its_preview() -> None:
    assert stack._summary(UP) == "+ 2 created, 35 unchanged"


def test_a_failure_shows_the_violations_without_the_progress_before_them() -> None:
    shown = stack._diagnostics(FAILED)
    assert shown.startswith("Policies:")
    assert "database-tls-required" in shown
    assert "running" not in shown


def test_a_failure_without_any_heading_shows_the_end_of_the_output() -> None:
    assert stack._diagnostics("error: no stack\n") == "error: no stack\n"


def test_a_system_on_the_default_port_uses_the_stacks_own_config() -> None:
    assert stack.config_file(Workspace()) == []


def test_a_system_on_another_port_pushes_images_to_that_port(tmp_path: Path) -> None:
    shutil.copy(Workspace().root / "Pulumi.local.yaml", tmp_path)
    workspace = Workspace(root=tmp_path, port=4600)
    workspace.run.mkdir(parents=True)
    option, file = stack.config_file(workspace)
    assert option == "--config-file"
    config = Path(file).read_text()
    assert "registry: localhost:4600" in config
    assert "4566" not in config
