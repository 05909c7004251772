"""A page of the documentation as people use it: its commands, its headings, its links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["Page"]

_PROGRAMS = {"aws", "docker", "git", "make", "pulumi", "terraform"}
_ASSIGNMENTS = re.compile(r"""^(?:[A-Z_]+=(?:"[^"]*"|\S+)\s+)*""")
_SHELL = {"", "bash", "sh"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """A Markdown file.

    Attributes:
        path: where it is.
        text: what it says.
    """

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Page:
        """Read a file."""
        return cls(path=path, text=path.read_text())

    def commands(self) -> list[str]:
        """What can be typed: lines of blocks, and commands within sentences and tables, once each.

        Comments behind a command are left out.
        """
        found: list[str] = []
        for token in self._tokens():
            if token.type == "fence" and token.info in _SHELL:
                joined = token.content.replace("\\\n", " ")
                found += [re.sub(r"\s+", " ", line).strip() for line in _plain(joined)]
            elif token.type == "code_inline" and _is_command(token.content):
                found.append(token.content)
        return list(dict.fromkeys(found))

    def anchors(self) -> set[str]:
        """What a link may lead to, as GitHub makes it of headings."""
        written = set(re.findall(r'<a id="([^"]+)">', self.text))
        seen: Counter[str] = Counter()
        for heading in self._headings():
            slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            written.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return written

    def links(self) -> list[str]:
        """Where links within the project lead: a path, an anchor, or both."""
        targets = [
            str(token.attrs["href"]) for token in self._tokens() if token.type == "link_open"
        ]
        return [each for each in targets if not re.match(r"[a-z]+:", each)]

    def _tokens(self) -> Iterator[Token]:
        for token in MarkdownIt("commonmark").enable("table").parse(self.text):
            yield token
            yield from token.children or ()

    def _headings(self) -> Iterator[str]:
        tokens = MarkdownIt("commonmark").parse(self.text)
        for opening, inline in pairwise(tokens):
            if opening.type == "heading_open":
                yield "".join(child.content for child in inline.children or ())


def _plain(block: str) -> Iterator[str]:
    for line in block.splitlines():
        if command := re.sub(r"(^|\s+)# .*", "", line).strip():
            yield command


def _is_command(code: str) -> bool:
    words = _ASSIGNMENTS.sub("", code).split()
    return len(words) > 1 and words[0] in _PROGRAMS | {"eval", "export"}
