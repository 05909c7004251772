"""One comment for each pull request, on GitHub and on GitLab, through their REST interfaces.

Standard library only: the job that may write to a pull request installs nothing.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ops.errors import OpsError
from ops.report.text import MARKER

__all__ = [
    "GitHub",
    "GitLab",
    "Platform",
    "Rest",
    "github_rest",
    "publish",
    "pull_requests",
    "variable",
]

_PAGE = 100
_PAGES = 50
_SECONDS = 30
_NOT_FOUND = 404


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
                raise _RefusedError(method, path, error.code, _reason(error.read())) from None
        except OSError as error:
            raise OpsError(f"{self.url} does not answer: {error}.") from error
        try:
            return json.loads(text) if text else None
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


class _RefusedError(OpsError):
    """An answer that is a refusal, with its status."""

    def __init__(self, method: str, path: str, status: int, reason: str) -> None:
        self.status = status
        super().__init__(f"{method} {path} is refused with {status}: {reason}")


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body).get("message", ""))[:500]
    except (ValueError, AttributeError):
        return body.decode(errors="replace")[:200]


class Platform(Protocol):
    """What publishing a report needs of a platform."""

    def comments(self) -> Iterator[tuple[int, str]]:
        """Yield id and text of this login's own comments, the oldest first."""

    def create(self, text: str) -> None:
        """Write a comment."""

    def update(self, comment: int, text: str) -> None:
        """Put another text in a comment's place."""

    def delete(self, comment: int) -> None:
        """Remove a comment."""

    def label(self, name: str, *, wanted: bool) -> None:
        """Have a label, or have it not."""


def publish(platform: Platform, text: str) -> str:
    """Have this text as the one comment; return what was done: created, updated or unchanged."""
    ours = [(key, body) for key, body in platform.comments() if body.startswith(MARKER)]
    if not ours:
        platform.create(text)
        return "created"
    (first, body), *surplus = ours
    for key, _ in surplus:  # two runs at once have each written one
        platform.delete(key)
    if body.strip().replace("\r\n", "\n") == text.strip():
        return "unchanged"
    platform.update(first, text)
    return "updated"


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """A pull request on GitHub.

    Attributes:
        rest: The interface, such as https://api.github.com.
        repository: owner/name.
        number: The pull request's.
        author: Login that the token comments as; another's comment is never touched.
    """

    rest: Rest
    repository: str
    number: int
    author: str = "github-actions[bot]"

    @property
    def _issue(self) -> str:
        return f"/repos/{self.repository}/issues/{self.number}"

    def comments(self) -> Iterator[tuple[int, str]]:
        """See `Platform`."""
        for one in self.rest.pages(f"{self._issue}/comments"):
            if (one.get("user") or {}).get("login") == self.author:
                yield one["id"], one.get("body") or ""

    def create(self, text: str) -> None:
        """See `Platform`."""
        self.rest.call("POST", f"{self._issue}/comments", {"body": text})

    def update(self, comment: int, text: str) -> None:
        """See `Platform`."""
        path = f"/repos/{self.repository}/issues/comments/{comment}"
        self.rest.call("PATCH", path, {"body": text})

    def delete(self, comment: int) -> None:
        """See `Platform`."""
        self.rest.call("DELETE", f"/repos/{self.repository}/issues/comments/{comment}")

    def label(self, name: str, *, wanted: bool) -> None:
        """See `Platform`."""
        if wanted:
            self.rest.call("POST", f"{self._issue}/labels", {"labels": [name]})
            return
        try:
            self.rest.call("DELETE", f"{self._issue}/labels/{urllib.parse.quote(name, safe='')}")
        except _RefusedError as refusal:
            if refusal.status != _NOT_FOUND:  # it had none
                raise


@dataclass(frozen=True, kw_only=True)
class GitLab:
    """A merge request on GitLab.

    Attributes:
        rest: The interface, such as https://gitlab.com/api/v4.
        project: Its number.
        number: The merge request's, within the project.
    """

    rest: Rest
    project: str
    number: int

    @property
    def _request(self) -> str:
        project = urllib.parse.quote(self.project, safe="")
        return f"/projects/{project}/merge_requests/{self.number}"

    def comments(self) -> Iterator[tuple[int, str]]:
        """See `Platform`."""
        me = self.rest.call("GET", "/user")["id"]
        for one in self.rest.pages(f"{self._request}/notes?sort=asc&order_by=created_at"):
            if not one.get("system") and one["author"]["id"] == me:
                yield one["id"], one.get("body") or ""

    def create(self, text: str) -> None:
        """See `Platform`."""
        self.rest.call("POST", f"{self._request}/notes", {"body": text})

    def update(self, comment: int, text: str) -> None:
        """See `Platform`."""
        self.rest.call("PUT", f"{self._request}/notes/{comment}", {"body": text})

    def delete(self, comment: int) -> None:
        """See `Platform`."""
        self.rest.call("DELETE", f"{self._request}/notes/{comment}")

    def label(self, name: str, *, wanted: bool) -> None:
        """See `Platform`."""
        change = "add_labels" if wanted else "remove_labels"
        self.rest.call("PUT", self._request, {change: name})


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
