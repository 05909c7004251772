"""`aws logs tail` of the AWS CLI's version 2, which no package registry has; version 1 lacks it.

Options are those of version 2's own command; patterns as far as CloudWatch's are needed here.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence

import boto3

__all__ = ["main", "matcher", "options", "seconds"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what version 2 does not know ends the program."""
    parser = argparse.ArgumentParser(prog="aws logs tail", allow_abbrev=False)
    parser.add_argument("group_name")
    parser.add_argument("--since", default="10m", type=seconds)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--format", choices=["detailed", "short", "json"], default="detailed")
    parser.add_argument("--filter-pattern", default="", type=matcher)
    parser.add_argument("--log-stream-names", nargs="+")
    parser.add_argument("--log-stream-name-prefix")
    return parser.parse_args(arguments)


def seconds(text: str) -> int:
    """Read a time such as `15m`."""
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no such time as 15m")
    return int(found[1]) * _UNITS[found[2]]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Read a pattern of words: all of them, or with `?` before each of them any."""
    words = pattern.split()
    if any(not re.fullmatch(r"\??\w+", word) for word in words):
        raise argparse.ArgumentTypeError(f"{pattern!r} is more than words")
    optional = [word[1:] for word in words if word.startswith("?")]
    required = [word for word in words if not word.startswith("?")]
    if optional and required:
        raise argparse.ArgumentTypeError(f"{pattern!r} mixes words with and without `?`")
    return lambda text: (
        all(_has(text, word) for word in required)
        and (not optional or any(_has(text, word) for word in optional))
    )


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){word}(?!\w)", text) is not None


def main(arguments: Sequence[str]) -> None:
    """Print what there is; the endpoint is the environment's."""
    told = options(arguments)
    prefix = told.log_stream_name_prefix
    pages = boto3.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(
        logGroupName=told.group_name, startTime=int((time.time() - told.since) * 1000)
    )
    for event in (event for page in found for event in page["events"]):
        stream = event["logStreamName"]
        if (prefix is None or stream.startswith(prefix)) and told.filter_pattern(event["message"]):
            print(stream, event["message"].rstrip())


if __name__ == "__main__":
    main(sys.argv[1:])
