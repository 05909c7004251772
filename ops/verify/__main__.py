"""Whether what runs is what was deployed: `make verify STACK=prod`, after every `pulumi up`.

Reads only. Exits with 0 if no line fails, with 1 if one does or AWS does not say, and with 2 if
nothing could be looked at. The endpoint and the credentials are the environment's.
"""

import argparse
import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OpsError
from ops.verify.credentials import secret_lines
from ops.verify.database import Server, login_lines, session_line
from ops.verify.deployed import Deployed, read_deployed
from ops.verify.instances import server_lines
from ops.verify.lines import Line, Verdict, as_json, as_table, failed
from ops.verify.page import Address, page_lines
from ops.verify.service import service_lines
from ops.verify.watched import alarm_lines, scaling_lines

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_PAUSE = 5.0

Clients = Callable[[str], Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each thing that was looked at."""
    parser = argparse.ArgumentParser(prog="python -m ops.verify", description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack that was deployed")
    parser.add_argument("--url", help="where the application is (default: the stack's own URL)")
    parser.add_argument("--ca-file", type=Path, help="the authority of that URL's certificate")
    parser.add_argument("--only", choices=_PARTS, help="look at one part (default: at all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--wait",
        type=int,
        default=0,
        metavar="SECONDS",
        help="look again while a line fails: tasks that start need a moment (default: once only)",
    )
    options = parser.parse_args(arguments)
    try:
        deployed = read_deployed(options.stack)
        address = Address(url=options.url or deployed.outputs["url"], ca_file=options.ca_file)
        address.parts()  # what is no URL is a mistake of whoever asks, and nothing's state
        clients = functools.cache(functools.partial(boto3.client, region_name=deployed.region))
        only = options.only
        lines = _patiently(lambda: list(_lines(deployed, address, clients, only)), options.wait)
    except (OpsError, BotoCoreError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    print(as_json(options.stack, lines) if options.json else as_table(lines))
    return int(_fails(lines))


def _patiently(look: Callable[[], list[Line]], seconds: float) -> list[Line]:
    """Look once, and again until no line fails or the time is over."""
    deadline = time.monotonic() + seconds
    while _fails(lines := look()) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return lines


def _fails(lines: Sequence[Line]) -> bool:
    return any(line.verdict is Verdict.FAIL for line in lines)


def _lines(
    deployed: Deployed, address: Address, clients: Clients, only: str | None
) -> Iterator[Line]:
    for part, look in _PARTS.items():
        if only in (None, part):
            yield from _guarded(part, look(deployed, address, clients))


def _service(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield from service_lines(deployed, clients("ecs"), clients("elbv2"), clients("logs"))


def _page(_: Deployed, address: Address, __: Clients) -> Iterator[Line]:
    yield from page_lines(address)


def _database(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield from server_lines(deployed, clients("rds"), datetime.now(UTC))


def _sessions(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield session_line(deployed, clients("ecs"), clients("logs"))


def _login(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield from login_lines(Server.of(deployed.environment(), _ROOT), clients("secretsmanager"))


def _secrets(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    manager, now = clients("secretsmanager"), datetime.now(UTC)
    yield from secret_lines(deployed, manager, clients("rds"), now)


def _scaling(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield from scaling_lines(deployed, clients("application-autoscaling"))


def _alarms(deployed: Deployed, _: Address, clients: Clients) -> Iterator[Line]:
    yield from alarm_lines(deployed, clients("cloudwatch"))


_PARTS: Mapping[str, Callable[[Deployed, Address, Clients], Iterator[Line]]] = {
    "service": _service,
    "page": _page,
    "database": _database,
    "sessions": _sessions,
    "login": _login,
    "secrets": _secrets,
    "scaling": _scaling,
    "alarms": _alarms,
}
"""What is looked at, by the name of the line that says so where AWS does not tell."""


def _guarded(name: str, lines: Iterator[Line]) -> Iterator[Line]:
    """Yield lines; what cannot be looked at is not well, and no reason to tell nothing else."""
    try:
        yield from lines
    except (ClientError, BotoCoreError) as error:
        yield failed(name, f"AWS does not say: {error}")
    except OpsError as error:
        yield failed(name, str(error))


if __name__ == "__main__":
    sys.exit(main())
