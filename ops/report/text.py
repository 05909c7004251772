"""Markdown that GitHub and GitLab show alike. What comes from a change is data, never markup."""

import re

__all__ = ["LIMIT", "MARKER", "bounded", "code", "defused", "plain"]

MARKER = "<!-- todo:report -->"
"""The first line of every comment, by which it is found again; neither platform shows it."""

LIMIT = 65_536
"""The longest comment that GitHub takes, in characters."""

_VALUE = 120
_CUT = "\n\n*The rest is cut off, as a comment has its limit; the job has the whole report.*\n"


def code(value: str) -> str:
    """Return a value as code, on one line, cut if it is long."""
    line = " ".join(value.split())
    if len(line) > _VALUE:
        line = f"{line[: _VALUE - 1]}…"
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line or ' '}{space}{fence}"


def plain(text: str) -> str:
    """Return a text on one line, in which nothing is markup, a mention or a link."""
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*\[\]|~#])|(?<![^\W_])(_)|(_)(?![^\W_])", r"\\\1\2\3", line)
    return _quiet(line)


def _quiet(text: str) -> str:
    """Let an @ or a scheme notify and link nobody."""
    text = re.sub(r"@(?=\w)", "@\u200b", text)
    return re.sub(r"(?i)\b(https?|ftp)://", "\\1:\u200b//", text)


def bounded(comment: str, limit: int = LIMIT) -> str:
    """Return a comment no longer than that; what is cut off is said to be."""
    if len(comment) <= limit:
        return comment
    # Room for the ends of what is open at the cut.
    room = limit - len(_CUT) - 200
    kept = comment[:room].rpartition("\n")[0]
    open_details = kept.count("<details>") - kept.count("</details>")
    ends = "\n</details>" * max(0, open_details)
    return f"{kept}\n{ends}{_CUT}"


def defused(comment: str) -> str:
    """Return another's finished comment, to be posted under our name.

    It was written by a pull request's own code: mentions notify nobody, pictures are not loaded,
    and it stays a report, within its bounds.
    """
    body = comment.replace("\0", "").removeprefix(MARKER).lstrip("\n")
    body = re.sub(r"@(?=\w)", "@\u200b", body)
    body = re.sub(r"!(?=\[)", "!\u200b", body)
    body = re.sub(r"<(?!/?(details|summary|sub)>)", "&lt;", body)
    return bounded(f"{MARKER}\n{body}")
