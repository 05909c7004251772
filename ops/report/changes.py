"""From a step to its properties: what was, and what will be. Nothing secret passes through here."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.plain_data import DataError, json_value
from ops.report.events import Step

__all__ = ["ABSENT", "SECRET", "UNKNOWN", "Difference", "differences"]

ABSENT = "not set"
SECRET = "a secret"  # noqa: S105 - the words in place of one
UNKNOWN = "unknown until the update"

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public constant of Pulumi's
_UNKNOWN_MARKERS = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # any value
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean, and so on
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
_CREDENTIAL = re.compile(r"(?i)pass(word|wd|phrase)|secret|token|credential|private_?key|api_?key")
# Names, ids and ARNs of secrets are no secrets, and neither are flags about them.
_REFERENCE = re.compile(r"(?i)(arn|arns|id|ids|name|names|version|days|kms_?key_?id|enabled|type)$")
# By what a member of a list is known, so that a new one at its head does not change all others.
_IDENTITIES = ("name", "Name", "Sid", "sid", "key", "Id", "id", "containerName")
# What is said inside a command line or a URL.
_SPOKEN = (
    re.compile(r"""(?i)((?:pass(?:word|wd)?|secret|token|api_?key)["']?(?:=|:\s*|\s+))[^\s"',]+"""),
    re.compile(r"(://[^/\s:@]+:)[^/\s@]+(?=@)"),
)
_ELEMENTS = 40


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property that changes.

    Attributes:
        path: Such as `parameters[require_secure_transport].value`.
        before: In words, or as JSON.
        after: Likewise.
        replaces: Whether the resource is replaced for it.
    """

    path: str
    before: str
    after: str
    replaces: bool = False


def differences(step: Step) -> tuple[Difference, ...]:
    """Return what changes in a resource, by property; the provider's word is what counts."""
    old, new = step.old, step.new
    if old is None or new is None:
        return ()
    found: list[Difference] = []
    for key in step.differing:
        before = old.inputs.get(key, old.outputs.get(key))
        leaves = list(_leaves(key, before, new.inputs.get(key)))
        if not leaves and key in step.replacing:
            leaves = [(key, "as it is", UNKNOWN)]
        found.extend(
            Difference(path=path, before=was, after=will, replaces=key in step.replacing)
            for path, was, will in leaves
        )
    return tuple(found)


def _leaves(path: str, before: object, after: object) -> Iterator[tuple[str, str, str]]:
    """Yield path, before and after of each value in which two trees differ."""
    before, after = _parsed(before), _parsed(after)
    if _is_secret(path, before) or _is_secret(path, after):
        yield from _of_secrets(path, before, after)
    elif before == after:
        return
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in sorted((before.keys() | after.keys()) - {"__defaults"}):
            yield from _leaves(_member(path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(path, before, after)
    else:
        yield path, _shown(path, before), _shown(path, after)


def _of_secrets(path: str, before: object, after: object) -> Iterator[tuple[str, str, str]]:
    """Yield that a secret changes. The engine shows one text for all, so its word has to do."""
    believed = isinstance(before, dict) and re.fullmatch(r"\w+", path) is not None
    if before == after and not believed:
        return
    if before is None or after is None:
        yield (path, ABSENT, SECRET) if before is None else (path, SECRET, ABSENT)
    else:
        yield path, SECRET, "another secret"


def _of_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[tuple[str, str, str]]:
    for identity in _IDENTITIES:
        old, new = _by(identity, before), _by(identity, after)
        if old is not None and new is not None:
            for key in sorted(old.keys() | new.keys()):
                here = f"{path}[{key}]"
                # An entry of an environment is as secret as its name says.
                yield from _leaves(here, _entry(old.get(key)), _entry(new.get(key)))
            return
    if len(before) == len(after) and any(isinstance(one, dict | list) for one in before):
        for index, (old_one, new_one) in enumerate(zip(before, after, strict=True)):
            yield from _leaves(f"{path}[{index}]", old_one, new_one)
        return
    yield path, _shown(path, before), _shown(path, after)


def _by(identity: str, members: list[Any]) -> dict[str, Any] | None:
    """Return the members by their identity, or None if they have no such thing."""
    found = {
        str(one[identity]): one for one in members if isinstance(one, dict) and identity in one
    }
    return found if len(found) == len(members) else None


def _entry(member: Mapping[str, Any] | None) -> object:
    """Return the value alone of a member that is no more than a name with one."""
    if member is not None and member.keys() == {"name", "value"}:
        return member["value"]
    return member


def _member(path: str, key: str) -> str:
    return f"{path}.{key}" if re.fullmatch(r"[\w-]+", key) else f"{path}[{key}]"


def _parsed(value: object) -> object:
    """Return what a text is, if it is a JSON document, such as an IAM policy."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json_value(value)
        except DataError:
            return value
    return value


def _is_secret(path: str, value: object) -> bool:
    if isinstance(value, dict):
        return value.get(_SIGNATURE) == _SECRET_SIGNATURE
    last = re.split(r"[.\[\]]", path.rstrip("]"))[-1]
    named = _CREDENTIAL.search(last) is not None and _REFERENCE.search(last) is None
    return named and isinstance(value, str) and value not in _UNKNOWN_MARKERS


def _shown(path: str, value: object) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return _blanked_text(value) or '""'
    return json.dumps(_blanked(path, value), sort_keys=True, ensure_ascii=False)


def _blanked(path: str, value: object) -> object:
    """Return a tree without its secrets, and with words for what is unknown."""
    value = _parsed(value)
    if _is_secret(path, value):
        return SECRET
    if isinstance(value, str):
        return _blanked_text(value)
    if isinstance(value, dict):
        if _SIGNATURE in value:  # an asset or an archive
            return f"content {str(value.get('hash', ''))[:12]}".strip()
        # A variable's name stands beside its value.
        name = value.get("name")
        where = {key: f"{path}[{name}]" if key == "value" and name else key for key in value}
        return {key: _blanked(where[key], one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [_blanked(path, one) for one in value[:_ELEMENTS]]
    return value


def _blanked_text(text: str) -> str:
    if text in _UNKNOWN_MARKERS:
        return UNKNOWN
    for spoken in _SPOKEN:
        text = spoken.sub(r"\1…", text)
    return text
