"""`make simulate`: what the plan of prod is worth, and how it is shown."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ops.plan.stack import changed, read_stack
from ops.simulate.__main__ import main
from ops.simulate.compare import Outcome, compare, with_event
from ops.simulate.delays import PUBLICATION_SECONDS
from ops.simulate.engine import CPU, run
from ops.simulate.setups import planned as setup_of
from ops.simulate.traffic import BEFORE, SCENARIOS, flash_crowd, launch
from todo_infra import config
from todo_infra.capacity import plan_capacity
from todo_infra.capacity.data import Throughput

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIGURES = Throughput(
    measured=date(2026, 12, 1),
    confidence="measured",
    per_task={"xsmall": 200, "small": 400, "medium": 800, "large": 800, "xlarge": 800},
    per_database_cpu=3400,
)
EVENT = (
    'events=[{"name":"sale","from":"2099-01-02T06:00Z","until":"2099-01-02T18:00Z",'
    '"peakRequestsPerSecond":9000}]'
)


@pytest.fixture(autouse=True)
def _figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that no benchmark changes, but where a test asks for the measured ones."""
    if "measured" not in request.fixturenames:
        monkeypatch.setattr("todo_infra.capacity.plan.load_throughput", lambda: FIGURES)


@pytest.fixture
def measured() -> None:
    """The figures of `data/throughput.json`."""


def prod(wish: str = "") -> config.Settings:
    return config.parse(changed(read_stack(ROOT, "prod"), wish))


def short(outcome: Outcome) -> float:
    return outcome.short_minutes


# What the plan is worth


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_a_tenfold_flash_crowd_prod_loses_a_fifth_of_what_defaults_lose_or_less(
    seed: int,
) -> None:
    settings = prod()
    capacity = settings.capacity
    base, peak = capacity.expected_requests_per_second, capacity.peak_requests_per_second
    assert peak == 10 * base
    default, planned = compare(settings, flash_crowd(base, peak), NOW, seed)
    assert short(planned) <= 0.2 * short(default)
    assert planned.run.dropped <= 0.2 * default.run.dropped
    assert planned.usd is not None
    assert default.usd is not None
    assert planned.usd <= 1.3 * default.usd


@pytest.mark.usefixtures("measured")
def test_of_an_announced_launch_prod_loses_nothing() -> None:
    settings, peak = prod(), 6000
    default, planned, announced = compare(
        settings, launch(600, peak), NOW, 1, announced=with_event(settings, NOW, peak)
    )
    assert short(planned) <= 0.2 * short(default)
    assert short(announced) == 0
    assert announced.run.dropped == 0
    assert announced.usd is not None
    assert default.usd is not None
    assert announced.usd <= 1.3 * default.usd


def test_an_event_is_what_saves_a_launch_that_is_above_the_peak() -> None:
    settings = prod("size=xlarge")
    default, planned, announced = compare(
        settings, launch(600, 9000), NOW, 1, announced=with_event(settings, NOW, 9000)
    )
    assert short(default) > short(planned) > 0
    assert short(announced) == 0
    assert default.setup.maximum == announced.setup.maximum == 30


def test_fewer_tasks_at_rest_are_cheaper_and_lose_more() -> None:
    _, two = compare(prod("minTasks=2"), flash_crowd(600, 6000), NOW, 1)
    default, planned = compare(prod(), flash_crowd(600, 6000), NOW, 1)
    assert short(default) > short(two) > short(planned)
    assert short(default) > 10
    assert two.usd is not None
    assert planned.usd is not None
    assert two.usd < planned.usd


def test_metrics_of_twenty_seconds_would_save_most_of_what_few_tasks_lose() -> None:
    """What docs/decisions/013-capacity-plan.md says of them."""
    two = setup_of(plan_capacity(prod("minTasks=2"), NOW), NOW)
    fast = replace(
        two,
        policies={CPU: two.policies[CPU]},
        delays=replace(two.delays, metric=20, publication=PUBLICATION_SECONDS[20]),
    )
    rates = flash_crowd(600, 6000).rates
    assert run(two, rates).short_seconds / 60 == pytest.approx(5.5, abs=0.2)
    assert run(fast, rates).short_seconds / 60 == pytest.approx(2.3, abs=0.2)


def test_capacity_of_the_load_balancer_that_is_reserved_meanwhile_is_paid_for() -> None:
    settings = prod()
    traffic = launch(600, 6000)
    known = with_event(settings, NOW, 6000)
    _, planned, announced = compare(settings, traffic, NOW, 1, announced=known)
    assert announced.usd is not None
    assert planned.usd is not None
    assert announced.tasks_usd is not None
    assert planned.tasks_usd is not None
    hours = BEFORE / 3600 + 4  # until the event ends; it was reserved the day before
    reserved = announced.usd - announced.tasks_usd - (planned.usd - planned.tasks_usd)
    assert reserved == pytest.approx(100 * hours * 0.008)


# The command


@pytest.mark.parametrize("scenario", list(SCENARIOS))
@pytest.mark.parametrize("stack", ["prod", "local"])
def test_every_scenario_is_told_in_words(
    stack: str, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(ROOT), "--stack", stack, "--scenario", scenario]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Stack {stack}\n")
    ours = ["unannounced", "announced"] if scenario == "launch" else ["your plan"]
    for words in ("plain defaults", *ours, "minutes short of tasks", "requests dropped"):
        assert words in out


def test_the_verdict_is_a_share_of_minutes_and_of_costs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--root", str(ROOT), "--set", "minTasks=2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Stack prod with minTasks=2\n")
    assert "your plan: 50 % of the minutes that plain defaults are short, at 1.00 times" in out
    assert "2:05:50  11 tasks: 3 of 3 datapoints above 18420" in out


def test_a_launch_is_the_stacks_own_next_event(capsys: pytest.CaptureFixture[str]) -> None:
    wish = f"{EVENT} size=xlarge"
    assert main(["--root", str(ROOT), "--scenario", "launch", "--set", wish, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["traffic"] == "launch: 600 to 9,000 req/s within a minute"
    default, planned, announced = answer["outcomes"]
    assert (planned["maximumTasks"], announced["maximumTasks"]) == (20, 30)
    assert planned["shortMinutes"] > announced["shortMinutes"] == 0
    assert announced["decisions"][0] == {
        "second": BEFORE - 600,
        "tasks": 30,
        "reason": "scheduled: the minimum is raised",
    }
    for one in (default, planned, announced):
        assert one["served"] + one["dropped"] + one["waiting"] == pytest.approx(
            one["offered"], abs=2
        )
        assert len(one["tasksEachMinute"]) == 24 * 60


def test_a_file_with_times_meets_the_events_of_its_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text("time,rate\n2099-01-02T05:40Z,600\n2099-01-02T06:00Z,9000\n")
    arguments = ["--root", str(ROOT), "--csv", str(path), "--json", "--set", f"{EVENT} size=xlarge"]
    assert main(arguments) == 0
    default, planned = json.loads(capsys.readouterr().out)["outcomes"]
    assert default["shortMinutes"] > planned["shortMinutes"] == 0
    assert planned["tasksEachMinute"][0] == 8
    assert planned["tasksEachMinute"][19] == 30


def test_costs_are_not_known_where_prices_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(path, tmp_path)
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(path.read_text().replace("eu-west-1\n", "sa-east-1\n", 1))
    assert main(["--root", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("not known") == 4
    assert "times their cost" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--stack", "test"],
            2,
            "✗ There is no Pulumi.test.yaml. Stacks here: dev, local, prod.\n",
        ),
        (["--set", "peakRequestsPerSecond=1"], 1, "✗ This stack's config cannot be used:"),
        (["--csv", "missing.csv"], 2, "✗ missing.csv cannot be read: No such file or directory.\n"),
        (["--picture", "/missing/x.svg"], 2, "✗ /missing/x.svg cannot be written: No such file"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(ROOT), *arguments]) == code
    shown = capsys.readouterr()
    assert shown.err.startswith(message)
    assert shown.out == ""


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--scenario", "storm"])
    assert caught.value.code == 2
    assert "flash-crowd" in capsys.readouterr().err


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_the_picture_shows_what_comes_and_what_is_served(tmp_path: Path, scenario: str) -> None:
    path = tmp_path / "simulated.svg"
    assert main(["--root", str(ROOT), "--scenario", scenario, "--picture", str(path)]) == 0
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "what comes" in words
    assert any(one.startswith("plain defaults, ") for one in words)
    ours = "announced" if scenario == "launch" else "your plan"
    assert f"{ours}, 0.0 minutes short" in words
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    lines = [*root.iter("{http://www.w3.org/2000/svg}polyline")]
    assert len(lines) > 4
    for line in lines:
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
