"""The status `ownership` of a commit on GitHub: whether somebody has looked who has to.

    python -m ops.report.gate --head owner:branch --sha COMMIT --ownership ownership.json

Green for a change of the product team's own keys; for every other one as soon as a member of the
platform team has approved this very commit. PLATFORM_REVIEWERS names the members, by login, with
commas between them; without it nothing is held back. To take effect, the branch's rules have to
require the status.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.report.rest import Rest, github_rest, pull_requests, variable
from ops.report.verdict import Verdict, read_verdict

__all__ = ["approvers", "main"]

_CONTEXT = "ownership"
_LONGEST = 140  # what GitHub takes
_DECIDING = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}


def approvers(reviews: Iterable[Mapping[str, Any]], sha: str) -> list[str]:
    """Return whose last word is the approval of this commit."""
    last: dict[str, Mapping[str, Any]] = {}
    for review in reviews:  # the oldest first
        login = (review.get("user") or {}).get("login", "")
        if login and review.get("state") in _DECIDING:
            last[login.lower()] = review
    return sorted(
        login
        for login, review in last.items()
        if review["state"] == "APPROVED" and review.get("commit_id") == sha
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Set the status of every pull request's newest commit that it is asked about."""
    parser = argparse.ArgumentParser(prog="python -m ops.report.gate", description=__doc__)
    parser.add_argument("--head", required=True, help="owner:branch that the change comes from")
    parser.add_argument("--sha", required=True, help="its newest commit")
    parser.add_argument("--ownership", required=True, type=Path)
    options = parser.parse_args(arguments)
    names = os.environ.get("PLATFORM_REVIEWERS", "").split(",")
    reviewers = {name.strip().lower() for name in names if name.strip()}
    if not reviewers:
        print("PLATFORM_REVIEWERS is empty: nothing is held back")
        return 0
    try:
        verdict = read_verdict(options.ownership)
        repository, rest = variable("GITHUB_REPOSITORY"), github_rest()
        numbers = pull_requests(rest, repository, options.head, options.sha)
        said = [_status(rest, repository, n, options.sha, verdict, reviewers) for n in numbers]
        if said:
            # One commit can be in two requests: it is as far as the one that lacks something.
            state, description = min(said, key=lambda one: one[0] == "success")
            _set(rest, repository, options.sha, state, description)
            print(f"{_CONTEXT}: {state}, {description}")
    except OpsError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    return 0


def _status(
    rest: Rest, repository: str, number: int, sha: str, verdict: Verdict, reviewers: set[str]
) -> tuple[str, str]:
    if verdict.product_only:
        return "success", verdict.line
    reviews = rest.pages(f"/repos/{repository}/pulls/{number}/reviews")
    approved = [login for login in approvers(reviews, sha) if login in reviewers]
    if approved:
        return "success", f"approved by {', '.join(approved)} of the platform team"
    return "pending", verdict.line


def _set(rest: Rest, repository: str, sha: str, state: str, description: str) -> None:
    short = description if len(description) <= _LONGEST else f"{description[: _LONGEST - 1]}…"
    body = {"state": state, "context": _CONTEXT, "description": short}
    rest.call("POST", f"/repos/{repository}/statuses/{sha}", body)


if __name__ == "__main__":
    sys.exit(main())
