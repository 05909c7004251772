"""Rehearse a tenfold rise of traffic on the local system: `make rehearse`.

Exits with 1 if the rehearsal shows a fault, such as a request that failed after the first ten
seconds of the rise, and with 2 if it could not be held.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from bench.app.load import build_vegeta
from local.errors import LocalError
from local.time_lapse import read_seconds
from local.workspace import Workspace
from ops.errors import OpsError
from ops.plan.stack import read_stack
from ops.rehearse.figures import Decision, Result, as_json, verdict
from ops.rehearse.load import Answer, send
from ops.rehearse.page import page
from ops.rehearse.picture import picture
from ops.rehearse.prediction import predict
from ops.rehearse.profile import FACTOR, Profile, step
from ops.rehearse.progress import Progress
from ops.rehearse.stage import Scaling, Stage
from ops.rehearse.watch import Watch
from todo_infra import config
from todo_infra.capacity import plan_capacity

__all__ = ["main"]

# One address may ask each task for 50 a second; at the rise the least number of tasks has it all.
_USUAL_BASE = 8
_SETTLE_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the rehearsal and write its page, picture and figures."""
    options = _options(arguments)
    try:
        seconds = read_seconds(options.seconds_per_minute, "--seconds-per-minute")
        profile = step(options.base, seconds_per_minute=seconds, after=options.after)
        result = _hold(profile, options.root)
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "rehearsal.md").write_text(page(result, "rehearsal.svg"))
        (options.output / "rehearsal.svg").write_text(picture(result))
        (options.output / "rehearsal.json").write_text(json.dumps(as_json(result), indent=1))
    except (OpsError, LocalError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    except (ClientError, BotoCoreError) as error:
        print(f"✗ The local system does not answer: {error}\n  Run `make up`.", file=sys.stderr)
        return 2
    problems = verdict(result)
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    print(f"\n  {options.output / 'rehearsal.md'}")
    return 1 if problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.rehearse", description=__doc__)
    add = parser.add_argument
    add("--base", type=int, default=_USUAL_BASE, help="requests a second before the rise")
    add("--after", type=int, default=20, help="minutes after it, in which tasks are removed again")
    add("--seconds-per-minute", default="10", help="time-lapse: how long a minute lasts (10)")
    add("--output", type=Path, default=Path(".local/rehearsal"), help="folder for the page")
    add("--root", type=Path, default=Path(), help="the project's directory")
    return parser.parse_args(arguments)


def _hold(profile: Profile, root: Path) -> Result:
    workspace = Workspace.from_environment()
    stage = Stage(workspace)
    vegeta = build_vegeta(workspace.cache)
    usual = stage.scaling()
    peak = profile.phases[1].rate
    # So that the peak needs as many tasks as there may be, and half of one less.
    target = min(usual.requests, round(peak / (usual.maximum - 0.5), 1))
    plan = plan_capacity(config.parse(read_stack(root, "local")), datetime.now(UTC))
    print(
        f"  {profile.phases[0].rate} → {peak} → {profile.phases[0].rate} req/s (x {FACTOR}), "
        f"{target:g} req/s a task, {usual.minimum} to {usual.maximum} tasks; "
        f"a minute lasts {profile.seconds_per_minute:g} s, all of it {profile.seconds:.0f} s"
    )
    waiting = os.getloadavg()[0]
    if waiting > (os.cpu_count() or 1):
        print(
            f"  ! {waiting:.1f} processes want this machine's {os.cpu_count()} processors before "
            "anything is sent: what is slow or fails may not be the system's fault"
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        stage.targets(Path(folder) / "targets"),
        stage.rehearsing(target, profile.seconds_per_minute) as scaling,
    ):
        _settle(stage, usual.minimum)
        begin = time.time()
        predicted = predict(
            profile, scaling, rated=plan.rated_requests_per_task_per_second, begin=begin
        )
        answers: list[Answer] = []
        progress = Progress(profile, answers)
        with Watch(stage.counts) as watch:
            send(
                vegeta,
                Path(folder) / "targets",
                profile,
                take=answers.append,
                look=lambda now, phase: progress.look(now, phase, watch.samples),
            )
        return Result(
            profile=profile,
            begin=begin,
            answers=answers,
            tasks=[(at - begin, counts) for at, counts in watch.samples],
            decisions=_decisions(stage, begin, profile.seconds_per_minute),
            predicted=predicted,
            requests_per_task=_requests(scaling),
            usual_requests_per_task=_requests(usual),
            minimum=usual.minimum,
            maximum=usual.maximum,
            load_average=waiting,
        )


def _requests(scaling: Scaling) -> float:
    return round(scaling.requests, 1)


def _settle(stage: Stage, tasks: int) -> None:
    """Wait until as few tasks serve as may be."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (counts := stage.counts()).serving != tasks or counts.desired != tasks:
        if time.monotonic() > deadline:
            raise OpsError(
                f"{counts.serving} tasks serve, not {tasks}, {_SETTLE_SECONDS} s after they were "
                "asked for: `make status` shows them."
            )
        time.sleep(0.5)


def _decisions(stage: Stage, begin: float, seconds_per_minute: float) -> list[Decision]:
    return [
        Decision(
            minute=(activity["StartTime"].timestamp() - begin) / seconds_per_minute,
            what=activity["Description"],
            cause=activity["Cause"],
            details=activity.get("Details", ""),
            status=activity["StatusCode"],
        )
        for activity in stage.activities(datetime.fromtimestamp(begin, UTC))
    ]


if __name__ == "__main__":
    sys.exit(main())
