"""What a parser could be given, for Hypothesis: good input with something wrong, and worse."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import strategies as st

__all__ = ["HOSTILE", "json_lines", "json_texts", "texts", "values"]

_DEEP: Final = 30_000

HOSTILE: Final[tuple[str, ...]] = (
    "",
    "\0",
    "\ufeff{}",
    "\ud800",
    "é\x85\u2028\u202e",
    *("null", "true", "7", '""', "[]", "{}", "[[]]", '{"":{}}', '{"a":1,"a":2}', "{", "]"),
    # Depth: valid, and not; within C's limits, and beyond.
    "[" * _DEEP,
    '{"a":' * _DEEP,
    "[" * 900 + "]" * 900,
    '{"known":' + "[" * 300 + "]" * 300 + "}",
    "- " * 5_000,
    "known = " + "[" * 5_000,
    ".".join(["a"] * 1_500) + " = 1",
    # Numbers.
    "9" * 5_000,
    "known = " + "9" * 5_000,
    "a: 0x" + "f" * 5_000,
    '{"version":' + "9" * 5_000 + "}",
    *("1e999", "NaN", "-Infinity", "[NaN]", '{"a":1e999}', "1_000", "٣", "-0", "200-999999999999"),
    # YAML: what many readers take for more than it is.
    "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "a: &a [*a]",
    "config: {? [a]: b}",
    "config: {1: a, null: b, 2026-01-01: c, true: d}",
    *("!!python/object/apply:os.system [id]", "!!timestamp x", "!!bool x", "!!int ''"),
    *("!!float x", "!!binary x", "a: 2026-99-99", "%YAML 9.9\n---\na", "a: b: c", "--- a\n--- b"),
    # CSV, and moments at the ends of time.
    '0,"' + "a" * 140_000,
    "0001-01-01T00:00:00+14:00,1\n9999-12-31T23:59:59-14:00,1\n",
    "-1e308,1\n1e308,1\n",
    "at(0001-01-01T00:00:00)",
    # PEM.
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
)
"""Texts that have brought down readers of JSON, YAML, TOML, CSV and PEM."""

_TOKENS: Final = (
    *("\0", "\n", "\r\n", "\t", ",", ":", "'", '"', "{", "}", "[", "]", "&a ", "*a", "!!int ", "#"),
    *("null", "true", "-1", "1e999", "NaN", "9" * 40, "\ud800", "\ufeff", "\u2028", "é", "[" * 200),
)

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "\0", "\ud800", "a" * 2_000, "9" * 30, "2027-01-01", "*", "../..", "arn:"]
    ),
)
_junk = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def _nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


# Beyond JSON: what YAML and callers bring along.
_beyond = st.sampled_from([10**5_000, _nested(400), {1: 2}, {None: 3}, b"x"])


def texts(seeds: Sequence[str]) -> st.SearchStrategy[str]:
    """Good texts with a few places changed, and any text at all."""
    return _changed_text(st.sampled_from(seeds)) | st.text(max_size=60)


@st.composite
def _changed_text(draw: st.DrawFn, seeds: st.SearchStrategy[str]) -> str:
    text = draw(seeds)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 10, 100])))
        put = draw(st.sampled_from(_TOKENS) | st.text(max_size=3) | st.just(text[start:end] * 2))
        text = text[:start] + put + text[end:]
    return text


def values(seeds: Sequence[Any], *, beyond_json: bool = False) -> st.SearchStrategy[Any]:
    """Good values with a member replaced, removed or added somewhere."""
    junk = _junk | _beyond if beyond_json else _junk
    return _changed_value(st.sampled_from(seeds), junk)


@st.composite
def _changed_value(
    draw: st.DrawFn, seeds: st.SearchStrategy[Any], junk: st.SearchStrategy[Any]
) -> Any:  # noqa: ANN401 - any JSON
    value = copy.deepcopy(draw(seeds))
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(value))
        if not places:
            return draw(junk)
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "remove", "add", "repeat"])):
            case "replace":
                holder[key] = draw(junk)
            case "remove":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(junk)
            case "repeat" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401
    """Every member of a tree, as its holder and its key there."""
    found: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys) if isinstance(value, dict | list) else ():
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += _places(value[key])
    return found


def json_texts(
    seeds: Sequence[Any], dump: Callable[[Any], str] = json.dumps
) -> st.SearchStrategy[str]:
    """JSON texts: of changed values, and changed as texts."""
    return values(seeds).map(dump) | texts([dump(seed) for seed in seeds])


def json_lines(seeds: Sequence[Sequence[Any]]) -> st.SearchStrategy[str]:
    """The same of one JSON text a line."""

    def lines(events: Any) -> str:  # noqa: ANN401
        listed = events if isinstance(events, list) else [events]
        return "".join(f"{json.dumps(event)}\n" for event in listed)

    return json_texts(seeds, lines)
