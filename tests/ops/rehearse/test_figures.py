from __future__ import annotations

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from local.autoscaling_api.tracking import Tracking
from ops.rehearse.figures import (
    Decision,
    Result,
    agreement,
    as_json,
    percentile,
    slices,
    verdict,
)
from ops.rehearse.load import Answer, answer_of
from ops.rehearse.page import page
from ops.rehearse.picture import picture
from ops.rehearse.prediction import predict
from ops.rehearse.profile import step
from ops.rehearse.progress import Progress
from ops.rehearse.stage import Counts, Scaling

BEGIN = 1_800_000_000.0
PROFILE = step(1, seconds_per_minute=6)
RISE = BEGIN + PROFILE.steps_at
DECISION = Decision(
    minute=5.6,
    what="Setting desired count to 4.",
    cause="monitor alarm A in state ALARM triggered policy P",
    details="3 of 3 datapoints above 600",
    status="Successful",
)
RESULT = Result(
    profile=PROFILE,
    begin=BEGIN,
    answers=[Answer(BEGIN + second, 200, 0.01) for second in range(162)],
    tasks=[
        (float(second), Counts(desired=tasks, serving=tasks))
        for second, tasks in [*((s, 2) for s in range(34)), *((s, 4) for s in range(34, 140)),
                              *((s, 2) for s in range(140, 162))]
    ],
    decisions=[DECISION],
    predicted=[],
    requests_per_task=3,
    usual_requests_per_task=150,
    minimum=2,
    maximum=4,
    load_average=0.5,
)  # fmt: skip


def failing(at: float, status: int = 503) -> Result:
    return replace(RESULT, answers=[*RESULT.answers, Answer(at, status, 0.01, "reset")])


def test_a_rehearsal_goes_well_if_nothing_fails_and_tasks_come_and_go() -> None:
    assert verdict(RESULT) == []
    assert "**It went well.**" in page(RESULT, "x.svg")


@pytest.mark.parametrize(
    ("at", "is_excused"),
    [
        (RISE - 0.1, False),
        (RISE, True),
        (RISE + 9.9, True),
        (RISE + 10, False),
        (BEGIN + 161, False),
    ],
)
def test_only_in_the_first_ten_seconds_of_the_rise_may_a_request_fail(
    at: float, is_excused: bool
) -> None:
    result = failing(at)
    assert len(result.failures()) == 1
    assert (verdict(result) == []) is is_excused
    if not is_excused:
        assert verdict(result) == [
            "1 requests failed outside of the first 10 s after the rise: 1 x reset."
        ]


def test_tasks_that_do_not_come_or_do_not_go_are_a_fault() -> None:
    never = [(0.0, Counts(desired=2, serving=2))]
    assert verdict(replace(RESULT, tasks=never)) == [
        "No task was added: there were never more than 2."
    ]
    stay = [*RESULT.tasks, (161.0, Counts(desired=3, serving=3))]
    assert verdict(replace(RESULT, tasks=stay)) == ["3 tasks are left at the end, not 2."]
    mute = replace(DECISION, cause="")
    assert verdict(replace(RESULT, decisions=[mute])) == ["1 decisions have no cause."]


@pytest.mark.parametrize("status", [0, 199, 400, 429, 500])
def test_whatever_is_no_good_answer_has_failed(status: int) -> None:
    assert not Answer(0, status, 0.1).is_good


def test_answers_are_counted_by_when_their_requests_were_sent() -> None:
    answers = [
        *(Answer(BEGIN + 0.5, 200, ms / 1000) for ms in range(1, 101)),
        Answer(BEGIN + 2.5, 500, 0.3),
    ]
    first, second = slices(answers, begin=BEGIN, seconds=4, length=2)
    assert (first.offered, first.served, first.p50_ms, first.p99_ms) == (50, 50, 50, 99)
    assert (second.offered, second.served, second.p99_ms, second.failed) == (0.5, 0, 0, 1)
    assert percentile([], 0.5) == 0


def test_a_row_of_vegeta_is_an_answer() -> None:
    row = ["1800000000500000000", "503", "2500000", "0", "12", "503 Service Unavailable", ""]
    assert answer_of(row) == Answer(1_800_000_000.5, 503, 0.0025, "503 Service Unavailable")


def test_agreement_is_the_share_of_the_time_within_one_task() -> None:
    predicted = [(0, 2), (10, 4), (20, 2)]
    assert agreement(predicted, [(0, 2), (9, 3), (10, 2), (15, 5), (25, 2)]) == 0.8
    assert agreement(predicted, [(5, 2), (12, 4), (30, 2)]) == 1


def test_the_prediction_rises_and_falls_with_the_load() -> None:
    policy = Tracking(target=180, scale_out_cooldown=30, scale_in_cooldown=300)
    scaling = Scaling(minimum=2, maximum=4, policies={"ALBRequestCountPerTarget": policy})
    predicted = predict(PROFILE, scaling, rated=400, begin=BEGIN)
    tasks = [tasks for _, tasks in predicted]
    assert (tasks[0], max(tasks), tasks[-1]) == (2, 4, 2)
    result = replace(RESULT, predicted=predicted)
    assert result.agreement() is not None
    assert "The simulator's prediction" in page(result, "x.svg")
    assert "prediction" not in page(RESULT, "x.svg")


def test_the_page_says_what_was_changed_for_the_rehearsal() -> None:
    words = page(failing(RISE + 1), "rehearsal.svg")
    assert "a minute of autoscaling lasted 6 s" in words
    assert "at 3 requests a second for each" in words
    assert "the stack's own is 150" in words
    assert "| 1 | 5.6 | Setting desired count to 4. | monitor alarm A in state ALARM" in words
    assert "| peak | 8 | " in words
    own = page(replace(RESULT, requests_per_task=150), "x.svg")
    assert "taken back" not in own


def test_picture_and_figures_can_be_read_by_others() -> None:
    drawn = ET.fromstring(picture(failing(RISE + 1)))  # noqa: S314 - our own
    assert drawn.tag.endswith("svg")
    figures = json.loads(json.dumps(as_json(failing(RISE + 1))))
    assert (figures["failed"], figures["failedAfterAllowance"]) == (1, 0)
    assert figures["secondsPerMinute"] == 6
    assert len(figures["minutes"]) == 30
    assert sum(each["failed"] for each in figures["minutes"]) == 1


def test_progress_is_a_line_a_minute() -> None:
    output, answers = io.StringIO(), list(RESULT.answers[:6])
    progress = Progress(PROFILE, answers, output)
    phase = PROFILE.phases[0]
    progress.look(5.9, phase, [])
    assert output.getvalue() == ""
    samples = [(BEGIN, Counts(desired=4, serving=2))]
    progress.look(6.0, phase, samples)
    answers.append(Answer(BEGIN + 7, 500, 0.1))
    progress.look(12.0, phase, samples)
    first, second = output.getvalue().splitlines()
    assert "minute   1  base          1 req/s  served    1.0  p50   10.0 ms" in first
    assert first.endswith("failed 0  2 tasks, 4 wanted")
    assert second.endswith("failed 1  2 tasks, 4 wanted")
