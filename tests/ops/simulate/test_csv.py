"""Traffic from a file, and what is said of one that is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.simulate.csv_file import Replay, read_csv


def read(tmp_path: Path, text: str) -> Replay:
    path = tmp_path / "traffic.csv"
    path.write_text(text)
    return read_csv(path)


def test_a_rate_holds_until_the_next_line_and_the_last_as_long_as_the_one_before(
    tmp_path: Path,
) -> None:
    replay = read(tmp_path, "0,1\n3,2\n5,4\n")
    assert list(replay.traffic.rates) == [1, 1, 1, 2, 2, 4, 4]
    assert replay.begins is None


@pytest.mark.parametrize(
    "text",
    [
        "time,requests per second\n2027-01-10T08:00Z,1.5\n2027-01-10T08:00:02Z,0\n",
        "\ufeff2027-01-10T09:00+01:00, 1.5\r\n\r\n2027-01-10T09:00:02+01:00, 0\r\n",
    ],
    ids=["with names", "from a spreadsheet, with a zone"],
)
def test_times_say_when_it_is(tmp_path: Path, text: str) -> None:
    replay = read(tmp_path, text)
    assert replay.begins == datetime(2027, 1, 10, 8, tzinfo=UTC)
    assert list(replay.traffic.rates) == [1.5, 1.5, 0, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "0,1\nsoon,2\n",
            (
                ", line 2: 'soon' is no time. Write seconds, or a time with its zone, such as "
                "2027-01-10T08:00:00Z."
            ),
        ),
        ("2027-01-10T08:00,1\n", ", line 1: '2027-01-10T08:00' is no time. Write seconds"),
        ("nan,1\n", ", line 1: 'nan' is no time. Write"),
        (
            "0,1\n1,many\n",
            (
                ", line 2: 'many' is no number of requests per second. Write a number such as 120 "
                "or 80.5."
            ),
        ),
        ("0,1\n1,-1\n", ", line 2: '-1' is no number of requests per second."),
        ("0,1\n1,inf\n", ", line 2: 'inf' is no number of requests per second."),
        (
            "0,1\n1\n",
            (
                ", line 2: it has 1 columns. Write a time and requests per second, such as 0,120 "
                "or 2027-01-10T08:00:00Z,120."
            ),
        ),
        ("t,r\n0;1\n", ", line 2: it has 1 columns."),
        ("0,1\n5,1\n5,2\n", ", line 3: its time is not after the one before. Sort by time."),
        (
            "0,1\n2027-01-10T08:00Z,1\n",
            (
                ", line 2: its time is of another kind than the first line's. Write seconds in all "
                "lines, or times in all."
            ),
        ),
        ("time,rate\n0,1\n", " has 1 lines of traffic; two are needed, such as 0,120 or"),
        ("", " has 0 lines of traffic; two are needed"),
        ("0,1\n400000,1\n", " is about 9.3 days; at most 7 can be replayed."),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(OpsError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'traffic.csv'}{message}")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    missing, binary = tmp_path / "missing.csv", tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe0")
    with pytest.raises(OpsError, match=r"missing\.csv cannot be read: No such file or directory"):
        read_csv(missing)
    with pytest.raises(OpsError, match=r"binary\.csv cannot be read: it is no text in UTF-8"):
        read_csv(binary)
