import sys
from pathlib import Path

import pytest

from bench.preview.measure import Command, Process, measure, processes
from bench.preview.report import as_data, as_text, figures
from bench.preview.run import PULUMI, TERRAFORM, UNREFRESHED, Plan, Results, Sample
from local.errors import LocalError
from tests.running_system import run_command

SECONDS = {
    ("60 resources", PULUMI): (3, 4, 2),
    ("60 resources", TERRAFORM): (4, 4, 4),
    ("60 resources", UNREFRESHED): (2, 2, 2),
    ("prod, 1 times", "without policies"): (10, 10, 10),
    ("prod, 1 times", "with policies"): (12, 12, 12),
    ("prod, 10 times", "without policies"): (50, 50, 50),
    ("prod, 10 times", "with policies"): (55, 55, 55),
}
RESULTS = Results(
    plan=Plan(rounds=3, groups=(6,), times=(1, 10)),
    counts={"60 resources": 60, "prod, 1 times": 100, "prod, 10 times": 1000},
    samples=[
        Sample(round=number, what=what, contestant=who, seconds=seconds, cpu_seconds=1)
        for (what, who), rounds in SECONDS.items()
        for number, seconds in enumerate(rounds, start=1)
    ],
    profiles={"60 resources, x": [Process(name="engine", begins=0, ends=2, cpu_seconds=0.5)]},
)


def test_ratios_are_of_runs_of_the_same_round() -> None:
    found = {figure.name: figure for figure in figures(RESULTS)}
    beside = found[f"60 resources: {PULUMI} ÷ {TERRAFORM}"]
    assert (list(beside.rounds), beside.value, beside.reached) == ([0.75, 1.0, 0.5], 0.75, True)
    policies = found["prod, 1 times: with policies ÷ without policies"]
    assert policies.value == pytest.approx(1.2)
    assert not policies.reached
    growth = found["with policies, a resource: prod, 10 times ÷ prod, 1 times"]
    assert growth.value == pytest.approx(55 / 1000 / (12 / 100))


def test_a_ratio_without_a_target_is_told_without_a_verdict() -> None:
    lines = as_text(RESULTS).splitlines()
    (honest,) = (line for line in lines if f"{PULUMI} ÷ {UNREFRESHED}" in line)
    assert "1.50" in honest
    assert "reached" not in honest.lower()
    assert any("NOT REACHED" in line for line in lines)
    data = as_data(RESULTS, command="x", machine={})
    assert {figure["reached"] for figure in data["figures"]} == {True, False, None}


def command(tmp_path: Path, code: str) -> Command:
    return Command(words=[sys.executable, "-c", code], cwd=tmp_path, env={})


def test_a_measurement_has_the_output_and_the_time(tmp_path: Path) -> None:
    run = measure(command(tmp_path, "import time; time.sleep(0.2); print('done')"))
    assert run.output == "done\n"
    assert run.seconds >= 0.2
    assert run.cpu_seconds > 0


def test_what_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="ended with 3"):
        measure(command(tmp_path, "print('why'); raise SystemExit(3)"))


def test_a_profile_has_the_processes_below_by_name(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(0.5)  # inner'])"
    )
    found = processes(
        command(tmp_path, code),
        lambda words: "inner" if words.rstrip().endswith("# inner") else None,
    )
    assert [process.name for process in found] == ["inner"]
    assert found[0].ends > found[0].begins


ORPHAN = "import time; [0 for _ in iter(lambda: time.process_time() < 0.5, False)]"
ADOPTING = f"""
import subprocess, sys
from pathlib import Path
from bench.preview.measure import Command, adopt_orphans, measure

sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
adopt_orphans()
start = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {ORPHAN!r}])"
run = measure(Command(words=[sys.executable, "-c", start], cwd=Path("/"), env={{}}))
print(run.cpu_seconds >= 0.4, sleeper.poll() is None)
sleeper.kill()
sleeper.wait()
"""


def test_processes_that_outlive_their_parents_count_and_those_of_others_do_not() -> None:
    root = Path(__file__).resolve().parents[2]
    done = run_command([sys.executable, "-c", ADOPTING], cwd=root)
    assert done.output == "True True\n"
