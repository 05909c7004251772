from local import stack

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
