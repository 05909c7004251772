"""The REST interfaces of GitHub and GitLab, with the standard library alone.

The job that may write to a pull request installs nothing.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.errors import OpsError
from ops.plain_data import json_value

__all__ = ["RefusedError", "Rest", "github_rest", "pull_requests", "variable"]

_PAGE = 100
_PAGES = 50
_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A REST interface.

    Attributes:
        url: What every path begins with.
        headers: Sent with every request; the login is among them.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send a request and return the answer's JSON; None for an empty one.

        Raises:
            OpsError: There is no answer, or it is a refusal.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        if not self.url.startswith(("https://", "http://")):
            raise OpsError(f"{self.url!r} is no address of a REST interface.")
        request = urllib.request.Request(  # noqa: S310 - judged in the line above
            f"{self.url}{path}", data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - likewise
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(method, path, error.code, _reason(error.read())) from None
        except OSError as error:
            raise OpsError(f"{self.url} does not answer: {error}.") from error
        try:
            return json_value(text.decode()) if text else None
        except ValueError:
            raise OpsError(f"{method} {self.url}{path} answers no JSON.") from None

    def pages(self, path: str) -> Iterator[Any]:
        """Yield what a list holds, all its pages."""
        glue = "&" if "?" in path else "?"
        for number in range(1, _PAGES + 1):
            page = self.call("GET", f"{path}{glue}per_page={_PAGE}&page={number}")
            yield from page
            if len(page) < _PAGE:
                return


class RefusedError(OpsError):
    """An answer that is a refusal, with its status."""

    def __init__(self, method: str, path: str, status: int, reason: str) -> None:
        self.status = status
        super().__init__(f"{method} {path} is refused with {status}: {reason}")


def _reason(body: bytes) -> str:
    try:
        return str(json_value(body.decode()).get("message", ""))[:500]
    except (ValueError, AttributeError):
        return body.decode(errors="replace")[:200]


def github_rest() -> Rest:
    """Return GitHub's interface, as Actions names it.

    Raises:
        OpsError: There is no token.
    """
    return Rest(
        url=os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        headers={
            "Authorization": f"Bearer {variable('GITHUB_TOKEN')}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )


def pull_requests(rest: Rest, repository: str, head: str, sha: str) -> list[int]:
    """Return the open pull requests from `owner:branch` whose newest commit this is.

    A fork's run does not say which it belongs to, only where it comes from.
    """
    asked = urllib.parse.quote(head, safe=":")
    found = rest.pages(f"/repos/{repository}/pulls?state=open&head={asked}")
    return sorted(one["number"] for one in found if one["head"]["sha"] == sha)


def variable(name: str) -> str:
    """Return a variable of the environment.

    Raises:
        OpsError: It is missing.
    """
    if value := os.environ.get(name):
        return value
    raise OpsError(f"{name} is not set; docs/pull-requests.md says where it comes from.")
