from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.infra.recorder import PROJECT_ROOT
from tests.picture import layout
from tests.picture.draw import PictureError, draw, problems
from tests.picture.graph import INTERNET, Architecture, Connection, Reference, read_architecture


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Architecture:
    return read_architecture(tmp_path_factory.mktemp("picture"), layout.PART_OF)


def test_the_picture_in_the_documentation_is_of_this_program(program: Architecture) -> None:
    committed = (PROJECT_ROOT / "docs" / "architecture.svg").read_text()
    assert committed == draw(program), "run `make picture`, look at it, and commit it"


def test_the_picture_can_be_read_by_a_browser() -> None:
    root = ET.parse(PROJECT_ROOT / "docs" / "architecture.svg").getroot()  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_nobody_but_the_load_balancer_is_reached_from_outside(program: Architecture) -> None:
    reached = {one.target for one in program.connections if one.source == INTERNET}
    assert reached == {"LoadBalancer"}


def test_the_database_is_reached_by_those_that_the_documentation_names(
    program: Architecture,
) -> None:
    clients = {one.source for one in program.connections if one.target == "Database"}
    assert clients == {"Service", "DatabaseProxy", "PasswordRotation"}


def test_what_defaults_leave_out_is_drawn_as_an_option(program: Architecture) -> None:
    assert program.optional == {"Budget", "DatabaseProxy", "PasswordRotation", "ReadReplicas"}


def test_load_balancer_and_tasks_are_in_the_subnets_for_them(program: Architecture) -> None:
    assert {part for part, kind in program.subnets.items() if kind == "public"} == {"LoadBalancer"}
    assert {"Service", "Database"} <= program.subnets.keys()


def test_a_new_connection_has_to_be_drawn(program: Architecture) -> None:
    opened = Connection(source=INTERNET, target="Database", port=3306)
    changed = replace(program, connections=program.connections | {opened})
    (problem,) = problems(changed)
    assert "'internet', 'Database'" in problem
    assert "is in the program, and not drawn as a connection" in problem


def test_another_port_has_to_be_drawn(program: Architecture) -> None:
    old = Connection(source="LoadBalancer", target="Service", port=8080)
    changed = program.connections - {old} | {replace(old, port=9000)}
    assert len(problems(replace(program, connections=changed))) == 2


def test_what_is_gone_is_not_drawn_any_more(program: Architecture) -> None:
    changed = replace(
        program,
        parts=program.parts - {"AuditTrail"},
        references=program.references - {Reference(source="Alarms", user="Budget")},
    )
    with pytest.raises(PictureError, match="AuditTrail is drawn as a box only") as caught:
        draw(changed)
    assert "is in NOT_DRAWN, and no more in the program" in str(caught.value)


def test_a_component_that_the_layout_does_not_know_has_to_be_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(layout.PART_OF, "AuditTrail")
    (problem,) = problems(read_architecture(tmp_path, layout.PART_OF))
    assert problem == "AuditTrail is in the program, and not drawn as a box"
