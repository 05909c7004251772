"""`make plan` reads a stack's file, tries a change and says what it leads to."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ops.errors import OpsError
from ops.plan import describe
from ops.plan.__main__ import main
from ops.plan.describe import as_text
from ops.plan.effects import effects
from ops.plan.picture import picture
from ops.plan.stack import changed, read_stack
from todo_infra import config
from todo_infra.capacity import CapacityPlan, plan_capacity
from todo_infra.capacity.data import Throughput

ROOT = Path(__file__).parents[2]
FIGURES = Throughput(
    measured=date(2026, 12, 1),
    confidence="measured",
    per_task={"xsmall": 200, "small": 400, "medium": 800, "large": 800, "xlarge": 800},
    per_database_cpu=3400,
)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
EVENT = '{"name":"sale","from":"2027-01-02T06:00Z","until":"2027-01-02T18:00Z"'


def plan(wish: str = "", stack: str = "prod") -> CapacityPlan:
    return plan_capacity(config.parse(changed(read_stack(ROOT, stack), wish)), NOW)


@pytest.fixture(autouse=True)
def _figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that no benchmark changes."""
    monkeypatch.setattr("todo_infra.capacity.plan.load_throughput", lambda: FIGURES)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


# The question


@pytest.mark.parametrize(
    "wish",
    [
        "peakRequestsPerSecond=1200,size=xlarge",
        "peakRequestsPerSecond=1200 size=xlarge",
        " peakRequestsPerSecond=1200 , capacity.taskSize=small,  todo:database.size=xlarge, ",
    ],
)
def test_changes_are_separated_by_commas_or_blanks(wish: str) -> None:
    settings = config.parse(changed(read_stack(ROOT, "prod"), wish))
    assert settings.capacity.peak_requests_per_second == 1200
    assert settings.database.size == "xlarge"
    assert settings.capacity.expected_requests_per_second == 600


def test_a_value_may_have_commas_and_blanks_of_its_own() -> None:
    wish = f'events=[{EVENT}, "peakRequestsPerSecond":900}}] size=xlarge'
    settings = config.parse(changed(read_stack(ROOT, "prod"), wish))
    assert [event.peak_requests_per_second for event in settings.capacity.events] == [900]
    assert settings.database.size == "xlarge"


def test_another_object_is_named_before_its_key() -> None:
    assert plan("databaseOperations.proxy=true").connections.proxied is True


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (
            "peakRequestPerSecond=1200",
            (
                "'peakRequestPerSecond' is no key of the stack's config. Did you mean "
                "peakRequestsPerSecond?"
            ),
        ),
        (
            "databaseOperation.proxy=true",
            (
                "'databaseOperation.proxy' is no key of the stack's config. Did you mean "
                "databaseOperations.proxy?"
            ),
        ),
        ("x.y=1", "'x.y' is no key of the stack's config. Every key is in Pulumi.yaml."),
        (
            "colour=red",
            (
                "'colour' is no key of the stack's config. Known are expectedRequestsPerSecond, "
                "peakRequestsPerSecond, taskSize, readPercent, events, minTasks, maxTasks, size, "
                "storageGiB, readReplicas, connectionsPerTask."
            ),
        ),
        ("large", "'large' is no change: write key=value, such as size=large."),
        ("size=", "'size=' is no change: write key=value, such as size=large."),
    ],
)
def test_a_change_that_is_none_is_refused(wish: str, message: str) -> None:
    with pytest.raises(OpsError) as caught:
        changed(read_stack(ROOT, "prod"), wish)
    assert str(caught.value) == message


def test_a_stack_without_a_file_is_told_which_there_are(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(project), "--stack", "test"]) == 2
    assert capsys.readouterr().err == (
        "✗ There is no Pulumi.test.yaml. Stacks here: dev, local, prod.\n"
    )


@pytest.mark.parametrize("content", ["config: [", "config: 1\n", "- 1\n"])
def test_a_file_that_cannot_be_read_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (project / "Pulumi.prod.yaml").write_text(content)
    assert main(["--root", str(project)]) == 2
    assert "Pulumi.prod.yaml" in capsys.readouterr().err


def test_a_config_that_cannot_be_is_refused_as_pulumi_up_would(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(project), "--set", "peakRequestsPerSecond=many"]) == 1
    shown = capsys.readouterr()
    assert "todo:capacity.peakRequestsPerSecond is 'many'; allowed: a whole number" in shown.err
    assert shown.out == ""


def test_secrets_of_a_stack_are_not_needed(project: Path) -> None:
    path = project / "Pulumi.prod.yaml"
    path.write_text(f"{path.read_text()}  todo:unread:\n    secure: v1:abc\n")
    assert "todo:unread" not in read_stack(project, "prod")


# The answer


@pytest.mark.parametrize("stack", ["prod", "dev", "local"])
def test_every_stack_has_a_plan(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(ROOT), "--stack", stack]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Stack {stack}\n")
    for part in ("tasks at most", "Why:", "A month in USD:", "Not counted:"):
        assert part in out
    assert "before" not in out


def test_a_change_is_shown_beside_what_is() -> None:
    before, after = plan(), plan("peakRequestsPerSecond=9000 size=xlarge")
    text = as_text(before, after)
    (tasks,) = [line for line in text.splitlines() if line.startswith("  tasks at most")]
    assert tasks.split() == ["tasks", "at", "most", "20", "medium", "30", "medium", "←"]
    assert "  - tasks at most: 20 → 30: at once, nothing restarts" in text
    lines = describe(before, after)
    assert "| tasks at most | 20 medium | **30 medium** |" in lines
    assert "| tasks at least | 8 medium | **12 medium** |" in lines


def test_without_a_change_the_table_has_one_column() -> None:
    lines = describe(plan(), plan())
    assert lines[0] == "| capacity | |"
    assert "| tasks at most | 20 medium |" in lines
    assert "| change | takes effect |" not in lines


EFFECTS = [
    ("minTasks=4", "tasks at least: 8 → 4", "at once, nothing restarts"),
    ("taskSize=large", "task size: medium → large", "new tasks replace the old ones"),
    ("connectionsPerTask=4", "database connections of a task: 8 → 4", "new tasks replace"),
    ("size=xlarge", "database: db.m7g.large → db.m7g.xlarge", "in the maintenance window, sun:05"),
    (
        "size=xlarge databaseOperations.applyImmediately=true",
        "database: db.m7g.large → db.m7g.xlarge",
        "at once; the database restarts",
    ),
    (
        "storageGiB=200",
        "database storage: 100 → 200 GiB",
        "in the maintenance window, sun:05:00-sun:06:00 UTC, and takes hours",
    ),
    ("storageGiB=50", "database storage: 100 → 50 GiB", "never: storage does not shrink"),
    (
        "readReplicas=2 databaseOperations.managedMasterPassword=false",
        "read replicas: 0 → 2",
        "up to half an hour",
    ),
    ("databaseOperations.proxy=true", "RDS Proxy: added", "about 15 minutes"),
    (
        f'events=[{EVENT},"peakRequestsPerSecond":4000}}]',
        "sale-begins: 14 tasks at least",
        "2027-01-02 05:50 UTC, nothing restarts",
    ),
]


@pytest.mark.parametrize(("wish", "what", "when"), EFFECTS, ids=[one[0][:20] for one in EFFECTS])
def test_each_change_says_when_it_works_and_what_restarts(wish: str, what: str, when: str) -> None:
    found = {effect.what: effect.when for effect in effects(plan(), plan(wish))}
    assert found[what].startswith(when)


def test_an_event_that_is_taken_back_is_not_scheduled_any_more() -> None:
    wish = f'events=[{EVENT},"peakRequestsPerSecond":2000}}]'
    found = [effect.what for effect in effects(plan(wish), plan())]
    assert "sale-begins: not scheduled any more" in found


def test_a_load_balancer_that_is_prepared_is_a_change() -> None:
    wish = f'events=[{EVENT},"peakRequestsPerSecond":2000}}]'
    settings = config.parse(changed(read_stack(ROOT, "prod"), wish))
    before = plan_capacity(settings, datetime(2026, 12, 31, tzinfo=UTC))
    after = plan_capacity(settings, datetime(2027, 1, 2, tzinfo=UTC))
    (effect,) = effects(before, after)
    assert effect.what == "capacity units of the load balancer: 0 → 100"


def test_what_is_wrong_to_do_and_worth_knowing_is_listed() -> None:
    wish = f'maxTasks=8 events=[{EVENT},"peakRequestsPerSecond":4000}}]'
    lines = describe(plan(), plan(wish))
    assert lines.index("**Warnings**") < lines.index("**To do**") < lines.index("**Worth knowing**")


def test_what_is_scheduled_is_listed_also_where_nothing_is_tried() -> None:
    planned = plan(f'events=[{EVENT},"peakRequestsPerSecond":4000}}]')
    text = as_text(planned, planned)
    assert (
        "Scheduled:\n"
        "  - 2027-01-02 05:50 UTC, sale-begins: 14 tasks at least\n"
        "  - 2027-01-02 18:00 UTC, sale-ends: 8 tasks at least\n"
    ) in text
    assert "**Scheduled**" in describe(planned, planned)
    assert "Scheduled" not in as_text(plan(), plan())


def test_costs_are_not_known_where_prices_are_not(project: Path) -> None:
    path = project / "Pulumi.prod.yaml"
    path.write_text(path.read_text().replace("eu-west-1\n", "sa-east-1\n", 1))
    settings = config.parse(read_stack(project, "prod"))
    unpriced = plan_capacity(settings, NOW)
    assert "| a month, expected | not known |" in describe(unpriced, unpriced)
    assert "A month in USD" not in as_text(unpriced, unpriced)
    assert "USD" not in picture("prod", unpriced, unpriced)


def test_markdown_is_for_a_pull_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(ROOT), "--markdown", "--set", "size=xlarge"]) == 0
    assert capsys.readouterr().out.startswith("### Stack prod with size=xlarge\n\n| capacity |")


# The picture


def test_the_picture_shows_both_traffics_and_what_is_served(tmp_path: Path) -> None:
    path = tmp_path / "plan.svg"
    wish = ["--set", "peakRequestsPerSecond=9000"]
    assert main(["--root", str(ROOT), "--picture", str(path), *wish]) == 0
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "busy hour: 600 req/s, 12 tasks" in words
    assert "peak: 9,000 req/s, 30 tasks" in words
    assert "one zone lost, before" in words
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_without_a_change_nothing_was_before() -> None:
    assert "before" not in picture("prod", plan(), plan())


def test_events_are_drawn_over_time() -> None:
    announced = plan(f'events=[{EVENT},"peakRequestsPerSecond":4000}}]')
    drawn = picture("prod", announced, announced)
    for words in ("tasks at least, over time (UTC)", "sale-begins 02 Jan 05:50", ">14<", ">8<"):
        assert words in drawn
    assert "over time" not in picture("prod", plan(), plan())


def test_a_picture_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "missing" / "plan.svg"
    assert main(["--root", str(ROOT), "--picture", str(path)]) == 2
    assert capsys.readouterr().err == f"✗ {path} cannot be written: No such file or directory.\n"
