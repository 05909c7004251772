"""Two versions of `Pulumi.<stack>.yaml`, compared by what they mean to the engine.

Strict on purpose: what two YAML libraries could read in two ways is not compared but refused.
"""

from collections.abc import Iterable, Iterator

import yaml

from ops.plain_data import DataError, yaml_events

__all__ = ["PRODUCT_KEYS", "UnclearError", "changed_keys"]

PRODUCT_KEYS = frozenset({"todo:capacity", "todo:database"})
"""What the product team owns in a stack's config; Pulumi.yaml says the same of each key."""

_CONFIG = "config"
_TEXT = "tag:yaml.org,2002:str"
# Far more than any stack's config, and a bound for what is compared.
_LONGEST = 200_000
_DEEPEST = 50
# Line ends to YAML 1.1 only.
_UNCOMMON_LINE_ENDS = ("\x85", "\u2028", "\u2029")

_Meaning = tuple[str, object]


class UnclearError(Exception):
    """A file whose meaning is not certain; the message says why."""


def changed_keys(before: bytes, after: bytes) -> list[str]:
    """Return the config keys that differ, and other keys of the file; comments are none.

    Raises:
        UnclearError: One of the two cannot be read for certain.
    """
    old, new = _sections(before), _sections(after)
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _sections(content: bytes) -> dict[str, _Meaning]:
    """Return each config key's meaning, and that of the file's other keys."""
    root = _document(content)
    if not isinstance(root, yaml.MappingNode):
        raise UnclearError("it is no mapping")
    top = dict(_members(root))
    sections = {f"({key})": _meaning(node) for key, node in top.items() if key != _CONFIG}
    if _CONFIG in top:
        config = top[_CONFIG]
        if not isinstance(config, yaml.MappingNode):
            raise UnclearError("its config is no mapping")
        sections |= {key: _meaning(node) for key, node in _members(config)}
    return sections


def _document(content: bytes) -> yaml.Node | None:
    if len(content) > _LONGEST:
        raise UnclearError("it is too long for a stack's config")
    try:
        text = content.decode("utf-8")
        if any(end in text for end in _UNCOMMON_LINE_ENDS):
            raise UnclearError("it has unusual line ends")
        _require_plain(yaml_events(text, _DEEPEST))
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except DataError as error:
        raise UnclearError("it is too deep for a stack's config") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise UnclearError("it cannot be read as YAML") from error


def _require_plain(events: Iterable[yaml.Event]) -> None:
    """Refuse what is not one document of plain keys and values."""
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if event.version or event.tags:
                raise UnclearError("it has directives")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnclearError("it has anchors")
        if getattr(event, "tag", None):
            raise UnclearError("it has tags")
    if documents != 1:
        raise UnclearError("it is not one document")


def _members(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    seen = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
            raise UnclearError("it has a key that is no text")
        if key.value in seen:
            raise UnclearError(f"it names {key.value} twice")
        seen.add(key.value)
        yield key.value, value


def _meaning(node: yaml.Node) -> _Meaning:
    """Return what a value means, however it is laid out; scalars as they are written.

    `yes` and `true` are alike to some libraries only, and so are `"1"` and 1: both differ here.
    """
    if isinstance(node, yaml.MappingNode):
        return "mapping", {key: _meaning(value) for key, value in _members(node)}
    if isinstance(node, yaml.SequenceNode):
        return "sequence", [_meaning(value) for value in node.value]
    return node.tag, node.value
