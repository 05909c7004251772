"""Traffic from a file: a time and requests per second in each line, as dashboards export them."""

import csv
import io
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ops.errors import OpsError

from .traffic import DAY, Traffic

__all__ = ["Replay", "read_csv"]

_LONGEST_DAYS = 7
_COLUMNS = 2
_EXAMPLE = "such as 0,120 or 2027-01-10T08:00:00Z,120"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a file says.

    Attributes:
        traffic: The traffic; each line's holds until the next, the last one's as long as that
            before it.
        begins: When it does; None where the file counts in seconds.
    """

    traffic: Traffic
    begins: datetime | None


@dataclass(frozen=True, kw_only=True)
class _Line:
    number: int
    moment: float | datetime
    rate: float


def read_csv(path: Path) -> Replay:
    """Read a file of two columns, with or without a line of names first.

    Raises:
        OpsError: It cannot be read; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise OpsError(f"{path} cannot be read: {why}.") from error
    lines = list(_lines(path, text))
    if len(lines) < 2:  # noqa: PLR2004 - a length needs two
        raise OpsError(f"{path} has {len(lines)} lines of traffic; two are needed, {_EXAMPLE}.")
    first = lines[0].moment
    seconds = [_seconds(path, line, first) for line in lines]
    for line, before, now in zip(lines[1:], seconds, seconds[1:], strict=False):
        if now <= before:
            raise _wrong(path, line.number, "its time is not after the one before", "Sort by time.")
    seconds.append(seconds[-1] + seconds[-1] - seconds[-2])
    if seconds[-1] > _LONGEST_DAYS * DAY:
        days = f"{seconds[-1] / DAY:.1f} days"
        raise OpsError(f"{path} is about {days}; at most {_LONGEST_DAYS} can be replayed.")
    rates = array("d")
    for line, end in zip(lines, seconds[1:], strict=True):
        rates.extend([line.rate] * (round(end) - len(rates)))
    traffic = Traffic(name=path.name, rates=rates, focus=(0, len(rates)))
    return Replay(traffic=traffic, begins=first if isinstance(first, datetime) else None)


def _lines(path: Path, text: str) -> Iterator[_Line]:
    for number, row in enumerate(_rows(path, text), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and _is_heading(cells)):
            continue
        if len(cells) != _COLUMNS:
            what = f"it has {len(cells)} columns"
            raise _wrong(path, number, what, f"Write a time and requests per second, {_EXAMPLE}.")
        yield _Line(
            number=number,
            moment=_moment(path, number, cells[0]),
            rate=_rate(path, number, cells[1]),
        )


def _rows(path: Path, text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        yield from reader
    except csv.Error as error:
        fix = "Write a time and requests per second, without quotes."
        raise _wrong(path, reader.line_num, f"it is not CSV ({error})", fix) from None


def _is_heading(cells: list[str]) -> bool:
    return not any(character.isdigit() for cell in cells for character in cell)


def _moment(path: Path, number: int, cell: str) -> float | datetime:
    try:
        seconds = float(cell)
        if math.isfinite(seconds):
            return seconds
    except ValueError:
        pass
    moment = None
    try:
        written = datetime.fromisoformat(cell)
        moment = written.astimezone(UTC) if written.tzinfo else None
    except (ValueError, OverflowError):  # the latter of the first and the last day that there is
        pass
    if moment is None:
        fix = "Write seconds, or a time with its zone, such as 2027-01-10T08:00:00Z."
        raise _wrong(path, number, f"{cell!r} is no time", fix)
    return moment


def _rate(path: Path, number: int, cell: str) -> float:
    try:
        rate = float(cell)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate >= 0):
        fix = "Write a number such as 120 or 80.5."
        raise _wrong(path, number, f"{cell!r} is no number of requests per second", fix)
    return rate


def _seconds(path: Path, line: _Line, first: float | datetime) -> float:
    if isinstance(line.moment, datetime) and isinstance(first, datetime):
        return (line.moment - first).total_seconds()
    if isinstance(line.moment, datetime) or isinstance(first, datetime):
        what = "its time is of another kind than the first line's"
        raise _wrong(path, line.number, what, "Write seconds in all lines, or times in all.")
    return line.moment - first


def _wrong(path: Path, number: int, what: str, fix: str) -> OpsError:
    return OpsError(f"{path}, line {number}: {what}. {fix}")
