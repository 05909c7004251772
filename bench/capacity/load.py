"""Requests of the mix that the plan assumes, each due at its own time, whatever became of others.

Vegeta measures from the moment at which it sends. If it is late itself, or all of its workers wait,
that hides what a client waits: here the time counts from when a request was due.
"""

from __future__ import annotations

import base64
import csv
import json
import random
import subprocess
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from bench.app.servers import todos_path
from local.errors import LocalError

__all__ = ["READ_PERCENT", "Answers", "Attack", "Mix", "read_answers"]

READ_PERCENT = 80
"""As `todo:capacity.readPercent` has it by default; half of the others add, half of them change."""

_REQUESTS = 5_000  # in turn; each from another address, so that nobody asks too often
_NEW_LISTS = 10**9
_WORKERS = 1_000
_TIMEOUT_SECONDS = 10
_GRACE_SECONDS = 40
_NANO = 1e-9
_TIME, _CODE, _LATENCY, _SEQUENCE = 0, 1, 2, 8  # columns of `vegeta encode --to csv`


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What became of the requests of one attack.

    Attributes:
        waits_ms: of each request, from when it was due until it was answered, in order of length.
        well_ms: the same of those that were answered with success.
        codes: how many were answered how; `0` is no answer.
        failed: how many were not answered with success.
        seconds: from when the first was due until the last was answered.
        in_time: how many were answered well before the attack's time was over.
    """

    waits_ms: Sequence[float]
    well_ms: Sequence[float]
    codes: Mapping[str, int]
    failed: int
    seconds: float
    in_time: int

    def percentile_ms(self, percent: float) -> float:
        """The wait that no more than the others of a hundred exceed."""
        return _percentile(self.waits_ms, percent)

    def well_percentile_ms(self, percent: float) -> float:
        """The same of those that were answered with success."""
        return _percentile(self.well_ms, percent)

    def well_within(self, seconds: float) -> int:
        """How many were answered with success before a client's patience was at its end."""
        return bisect_right(self.well_ms, 1000 * seconds)


def _percentile(ordered: Sequence[float], percent: float) -> float:
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def read_answers(rows: Iterable[Sequence[str]], *, rate: float, seconds: float) -> Answers:
    """Read Vegeta's results.

    Args:
        rows: of `vegeta encode --to csv`.
        rate: requests a second; 0 if each was due when it was sent.
        seconds: how long requests were sent.

    Raises:
        LocalError: if there are none.
    """
    sent = [
        (int(row[_TIME]) * _NANO, int(row[_LATENCY]) * _NANO, int(row[_SEQUENCE]), row[_CODE])
        for row in rows
    ]
    if not sent:
        raise LocalError("Vegeta sent nothing.", fix="Repeat on a machine with less to do.")
    # Nobody is early: who was least late shows when the attack began.
    gap = 1 / rate if rate else 0.0
    began = min(at - number * gap for at, _, number, _ in sent)
    ends = [(at + latency, code.startswith("2")) for at, latency, _, code in sent]
    waits = sorted(
        (1000 * (at + latency - (began + number * gap if rate else at)), code)
        for at, latency, number, code in sent
    )
    return Answers(
        waits_ms=[wait for wait, _ in waits],
        well_ms=[wait for wait, code in waits if code.startswith("2")],
        codes=Counter(code for _, code in waits),
        failed=sum(not well for _, well in ends),
        seconds=max(end for end, _ in ends) - began,
        in_time=sum(well and end <= began + seconds for end, well in ends),
    )


class Mix:
    """Requests as the plan assumes them, in an order that is the same in every run.

    Args:
        port: where they go, on the loopback address.
        lists: how many lists of 20 there are.
        changeable: a list's number and ids of its to-dos.
    """

    def __init__(self, port: int, lists: int, changeable: Mapping[int, Sequence[int]]) -> None:
        self._port, self._lists = port, lists
        self._items = [(number, todo) for number, todos in changeable.items() for todo in todos]

    def targets(self) -> str:
        """Lines as Vegeta reads them; a to-do that is added has a new key, as the page gives it."""
        chosen = random.Random(1)  # noqa: S311 - the same in every run, and no secret
        return "".join(f"{json.dumps(self._target(chosen, n))}\n" for n in range(_REQUESTS))

    def _target(self, chosen: random.Random, number: int) -> dict[str, Any]:
        client = f"10.0.{number // 256}.{number % 256}"
        headers = {"X-Forwarded-For": [client], "Accept": ["application/json"]}
        draw = chosen.randrange(100)
        if draw < READ_PERCENT:
            return self._request("GET", todos_path(chosen.randrange(self._lists)), headers)
        headers["Content-Type"] = ["application/json"]
        if draw < (100 + READ_PERCENT) // 2:
            headers["Idempotency-Key"] = [str(uuid.uuid4())]
            path = todos_path(_NEW_LISTS + number)
            return self._request("POST", path, headers, {"title": f"Buy milk, {number} litres"})
        place, todo = chosen.choice(self._items)
        change = {"completed": chosen.random() < 0.5}  # noqa: PLR2004
        return self._request("PATCH", f"{todos_path(place)}/{todo}", headers, change)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, Sequence[str]],
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        target = {
            "method": method,
            "url": f"http://127.0.0.1:{self._port}{path}",
            "header": headers,
        }
        if body is None:
            return target
        return {**target, "body": base64.b64encode(json.dumps(body).encode()).decode()}


class Attack:
    """Sends a mix with Vegeta.

    Args:
        vegeta: the program.
        folder: for its files.
    """

    def __init__(self, vegeta: Path, folder: Path) -> None:
        self._vegeta, self._folder = vegeta, folder

    def saturate(self, mix: Mix, *, workers: int, seconds: float) -> Answers:
        """Send as many requests as so many clients get answered."""
        return self._send(mix, 0, workers, seconds)

    def at_rate(self, mix: Mix, *, rate: int, seconds: float) -> Answers:
        """Send so many requests a second."""
        return self._send(mix, rate, _WORKERS, seconds)

    def _send(self, mix: Mix, rate: int, workers: int, seconds: float) -> Answers:
        targets, results = self._folder / "targets", self._folder / "results"
        targets.write_text(mix.targets())
        self._run(
            *("attack", "-format=json", f"-targets={targets}", f"-output={results}"),
            *(f"-rate={rate}", f"-duration={seconds}s", f"-timeout={_TIMEOUT_SECONDS}s"),
            *(f"-max-workers={workers}", f"-connections={workers}", "-max-body=0", "-http2=false"),
            seconds=seconds,
        )
        lines = self._run("encode", "--to=csv", str(results), seconds=seconds)
        return read_answers(csv.reader(lines.splitlines()), rate=rate, seconds=seconds)

    def _run(self, *arguments: str, seconds: float) -> str:
        done = subprocess.run(
            [str(self._vegeta), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + _GRACE_SECONDS,
        )
        if done.returncode:
            raise LocalError(
                f"`vegeta {arguments[0]}` failed: {done.stderr.strip()}",
                fix="The message above says why.",
            )
        return done.stdout
