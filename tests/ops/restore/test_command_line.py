from pathlib import Path

import pytest

from ops.restore.__main__ import main


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["begin"], "one of the arguments --snapshot --time --latest is required"),
        (["begin", "--latest", "--snapshot", "before"], "not allowed with argument"),
        (["begin", "--time", "yesterday"], "'yesterday' is no moment such as"),
        (["begin", "--time", "2026-11-29T07:59:31"], "has no zone: Z for UTC"),
        ([], "the following arguments are required: step"),
        (["undo"], "invalid choice: 'undo'"),
    ],
)
def test_what_is_no_step_is_said(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--stack", "prod", *words])
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_a_machine_without_pulumi(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--stack", "prod", "compare"]) == 1
    assert "`pulumi` is not on PATH" in capsys.readouterr().err
