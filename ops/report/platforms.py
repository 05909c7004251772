"""One comment for each pull request, on GitHub and on GitLab."""

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ops.report.rest import RefusedError, Rest
from ops.report.text import MARKER

__all__ = ["GitHub", "GitLab", "Platform", "publish"]

_NOT_FOUND = 404


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
        except RefusedError as refusal:
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
