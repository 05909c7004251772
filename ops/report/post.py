"""Post a finished report: one comment, updated in place, and the label of a product-only change.

    python -m ops.report.post --github comment.md --head owner:branch --sha COMMIT

GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL, as Actions sets them, and which pull
request it is, by number or by where it comes from. GitLab: GITLAB_TOKEN, with the scope `api`, and
what CI sets. Exits with 0 if all is done, and with 2 if not.
"""

import argparse
import json
import os
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.errors import OpsError
from ops.report.platforms import GitHub, GitLab, Platform, Rest, publish
from ops.report.text import defused

__all__ = ["LABEL", "main"]

LABEL = "product-only"


def main(arguments: Sequence[str] | None = None) -> int:
    """Post the report and set the label."""
    options = _parser().parse_args(arguments)
    try:
        text = defused(options.comment.read_text(errors="replace"))
        wanted = _verdict(options.ownership)
        requests = _github(options) if options.github else [_gitlab(os.environ)]
        for request in requests:
            print(f"comment {publish(request, text)}")
            if wanted is not None:
                request.label(LABEL, wanted=wanted)
    except (OpsError, OSError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    if not requests:
        print("no open pull request comes from there: nothing to do")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops.report.post",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("comment", type=Path, help="the report")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--github", action="store_true")
    where.add_argument("--gitlab", action="store_true")
    parser.add_argument("--pull-request", type=int, help="its number, on GitHub")
    parser.add_argument("--head", help="owner:branch that it comes from, in place of the number")
    parser.add_argument("--sha", help="the commit that was reported on: a newer one has its own")
    parser.add_argument("--ownership", type=Path, help="what `python -m ops.ownership --json` said")
    return parser


def _verdict(file: Path | None) -> bool | None:
    if file is None:
        return None
    try:
        return json.loads(file.read_text())["productOnly"] is True
    except (ValueError, KeyError, TypeError) as error:
        raise OpsError(f"{file} is not what ops.ownership writes: {error!r}.") from error


def _github(options: argparse.Namespace) -> list[Platform]:
    repository = _variable(os.environ, "GITHUB_REPOSITORY")
    rest = Rest(
        url=os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        headers={
            "Authorization": f"Bearer {_variable(os.environ, 'GITHUB_TOKEN')}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    author = os.environ.get("REPORT_AUTHOR") or "github-actions[bot]"
    return [
        GitHub(rest=rest, repository=repository, number=number, author=author)
        for number in _numbers(rest, repository, options)
    ]


def _numbers(rest: Rest, repository: str, options: argparse.Namespace) -> list[int]:
    """Return the pull requests meant; a fork's run does not say which, only where it comes from."""
    if options.pull_request:
        return [options.pull_request]
    if not (options.head and options.sha):
        raise OpsError("Which pull request is it? Give --pull-request, or --head and --sha.")
    head = urllib.parse.quote(options.head, safe=":")
    found = rest.pages(f"/repos/{repository}/pulls?state=open&head={head}")
    return sorted(one["number"] for one in found if one["head"]["sha"] == options.sha)


def _gitlab(environment: Mapping[str, str]) -> Platform:
    return GitLab(
        rest=Rest(
            url=_variable(environment, "CI_API_V4_URL"),
            headers={"PRIVATE-TOKEN": _variable(environment, "GITLAB_TOKEN")},
        ),
        project=_variable(environment, "CI_PROJECT_ID"),
        number=int(_variable(environment, "CI_MERGE_REQUEST_IID")),
    )


def _variable(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise OpsError(f"{name} is not set; see `python -m ops.report.post --help`.")


if __name__ == "__main__":
    sys.exit(main())
