"""Takes command lines of `aws` as far as the request to AWS, and says which would be sent.

In a process of its own: the AWS CLI has a botocore of its own, under the same name as ours.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from typing import Any

__all__: list[str] = []


class _SentError(BaseException):
    """The command line was understood: this is where it would go to AWS."""


def _send(**_: object) -> None:
    raise _SentError


def _refusal(driver: Any, words: list[str]) -> str | None:  # noqa: ANN401 - it has no types
    """What `aws` says against a command line; None if it would send it."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            code = driver.main(words)
        except _SentError:
            return None
        except SystemExit as ended:
            code = ended.code
    return said.getvalue() or f"it ends with {code}"


def _main() -> None:
    driver = importlib.import_module("awscli.clidriver").create_clidriver()
    driver.session.register("before-send", _send)
    json.dump([_refusal(driver, words) for words in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    _main()
