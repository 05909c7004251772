"""What CommonMark makes of text that comes from a change."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ops.report.text import bounded, code, defused, plain

# GitHub's own: tables, strikethrough, and links that are only written.
PARSER = MarkdownIt("gfm-like", {"linkify": False})
TEXT = st.text(st.sampled_from("ab_*`[]()<>!#|~\\&;:/@ \n-+=1.\u200b\"'"), max_size=40)


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


@given(TEXT)
@example("a_b_c *x* <b> [l](http://x) ![p](http://y) `c` ~~s~~ &lt;")
@example("_a_ __b__")
@example("\\*a*")
@example("![][]")
def test_plain_text_is_nothing_but_text(text: str) -> None:
    found = {token.type for token in tokens(f"- x: {plain(text)}")}
    assert found <= {
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
        *("paragraph_open", "paragraph_close", "inline", "text", "text_special"),
    }


@given(TEXT)
@example("``")
@example(" ` ")
@example("\\`")
def test_code_is_nothing_but_code(text: str) -> None:
    inline = [token for token in tokens(f"x: {code(text)}") if token.type != "inline"]
    assert [token.type for token in inline] == [
        "paragraph_open",
        "text",
        "code_inline",
        "paragraph_close",
    ]
    assert inline[2].content.strip() == " ".join(text.split())


@given(TEXT)
@example("<!-- x --> <img src=y> <details open onclick=z> ![a](http://b)")
def test_anothers_comment_loads_nothing_and_hides_nothing(text: str) -> None:
    for token in tokens(defused(text)):
        assert token.type != "image"
        if token.type.startswith("html") and "todo:report" not in token.content:
            assert not token.content.replace("<", "").startswith(("img", "script", "!--"))
            assert "onclick" not in token.content or "&lt;details" in token.content


@pytest.mark.parametrize("limit", [500, 1000, 5000])
@given(st.lists(TEXT, max_size=60))
def test_a_bounded_comment_keeps_within_its_bounds(limit: int, lines: list[str]) -> None:
    assert len(bounded("\n".join(lines) + "<details>\n" * 3 + "x\n" * limit, limit)) <= limit
