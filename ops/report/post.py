"""Post a finished report: one comment, updated in place, and the label of a product-only change.

    python -m ops.report.post comment.md --github --head owner:branch --sha COMMIT

GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL, as Actions sets them, and which pull
request it is, by number or by where it comes from. GitLab: GITLAB_TOKEN, with the scope `api`, and
what CI sets. The report is taken for what it is: text that a pull request's own code wrote. Exits
with 0 if all is done, and with 2 if not.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.errors import OpsError
from ops.report.platforms import GitHub, GitLab, Platform, publish
from ops.report.rest import Rest, github_rest, pull_requests, variable
from ops.report.text import defused, plain
from ops.report.verdict import Verdict, read_verdict

__all__ = ["LABEL", "main"]

LABEL = "product-only"


def main(arguments: Sequence[str] | None = None) -> int:
    """Post the report and set the label."""
    options = _parser().parse_args(arguments)
    try:
        verdict = read_verdict(options.ownership) if options.ownership else None
        text = options.comment.read_text(errors="replace")
        text = defused(_with_verdict(text, verdict) if verdict else text)
        requests = _github(options) if options.github else [_gitlab()]
        for request in requests:
            print(f"comment {publish(request, text)}")
            if verdict is not None:
                request.label(LABEL, wanted=verdict.product_only)
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


def _with_verdict(text: str, verdict: Verdict) -> str:
    """Put whose change it is below the title, which the pull request's own code cannot say."""
    lines = text.splitlines()
    title = next((n for n, line in enumerate(lines) if line.startswith("## ")), -1)
    said = ["", f"- **Review**: {plain(verdict.line)}"]
    rest = lines[title + 1 :]
    return "\n".join([*lines[: title + 1], *said, *rest[1 if rest[:1] == [""] else 0 :]]) + "\n"


def _github(options: argparse.Namespace) -> list[Platform]:
    repository, rest = variable("GITHUB_REPOSITORY"), github_rest()
    if options.pull_request:
        numbers = [options.pull_request]
    elif options.head and options.sha:
        numbers = pull_requests(rest, repository, options.head, options.sha)
    else:
        raise OpsError("Which pull request is it? Give --pull-request, or --head and --sha.")
    return [GitHub(rest=rest, repository=repository, number=number) for number in numbers]


def _gitlab() -> Platform:
    return GitLab(
        rest=Rest(
            url=variable("CI_API_V4_URL"), headers={"PRIVATE-TOKEN": variable("GITLAB_TOKEN")}
        ),
        project=variable("CI_PROJECT_ID"),
        number=int(variable("CI_MERGE_REQUEST_IID")),
    )


if __name__ == "__main__":
    sys.exit(main())
