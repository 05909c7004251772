"""A stack's config from its file, without an engine, and the changes that somebody tries."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import DataError, json_value, yaml_value
from todo_infra import config
from todo_infra.config.rules import key_of, rules_of

__all__ = ["changed", "read_stack"]

_TEAM = {"todo:capacity": config.Capacity, "todo:database": config.Database}
# A comma or blanks, where another key begins after it: values may have both.
_BETWEEN = re.compile(r"[,\s]+(?=[\w.:]+=)")


def read_stack(root: Path, stack: str) -> dict[str, object]:
    """Return what `Pulumi.<stack>.yaml` says, over the defaults of `Pulumi.yaml`.

    Raises:
        OpsError: There is no such file, or it cannot be read.
    """
    project = _yaml(root / "Pulumi.yaml")["config"]
    path = root / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(one.name.split(".")[1] for one in root.glob("Pulumi.*.yaml"))
        raise OpsError(f"There is no {path.name}. Stacks here: {', '.join(known)}.")
    stated = _yaml(path).get("config")
    if not isinstance(stated, Mapping):
        raise OpsError(f"{path.name} has no mapping below `config:`.")
    if strange := [key for key in stated if not isinstance(key, str)]:
        raise OpsError(f"{path.name}: the key {strange[0]!r} is no text. Write it in quotes.")
    defaults = {key: item["default"] for key, item in project.items()}
    return {**defaults, **{key: value for key, value in stated.items() if not _is_secret(value)}}


def _yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml_value(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OpsError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise OpsError(f"{path.name} is no mapping.")
    return loaded


def _is_secret(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def changed(stated: Mapping[str, object], wish: str) -> dict[str, object]:
    """Return the config with changes such as `peakRequestsPerSecond=1200, size=large`.

    Args:
        stated: The config by full key.
        wish: Keys of `todo:capacity` and `todo:database`; those of another object with its name
            before them, such as `databaseOperations.proxy=true`.

    Raises:
        OpsError: A key is unknown, or a change is none.
    """
    result = dict(stated)
    for change in filter(None, (part.strip(" ,") for part in _BETWEEN.split(wish.strip()))):
        name, equals, value = change.partition("=")
        if not equals or not value:
            raise OpsError(f"{change!r} is no change: write key=value, such as size=large.")
        group, key = _place(name.strip())
        old = result.get(group) or {}
        if not isinstance(old, Mapping):
            raise OpsError(f"{group} is no mapping in the stack's file.")
        result[group] = {**old, key: _value(value.strip())}
    return result


def _place(name: str) -> tuple[str, str]:
    """Return the object and the key that a name means."""
    short = name.removeprefix(f"{config.PROJECT}:")
    if "." in short:
        group, _, key = short.partition(".")
        groups = {key_of(f.name): f.type for f in fields(config.Settings) if f.name != "region"}
        settings = groups.get(group)
        if isinstance(settings, type) and key in _keys(settings):
            return f"{config.PROJECT}:{group}", key
        known = [f"{one}.{key}" for one, cls in groups.items() for key in _keys(cls)]
        raise _unknown(name, short, known)
    for full, settings in _TEAM.items():
        if short in _keys(settings):
            return full, short
    raise _unknown(name, short, [key for settings in _TEAM.values() for key in _keys(settings)])


def _keys(settings: Any) -> list[str]:  # noqa: ANN401 - a settings class
    return [key_of(name) for name in rules_of(settings)]


def _unknown(name: str, short: str, known: list[str]) -> OpsError:
    near = difflib.get_close_matches(short, known, n=1)
    mend = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
    if not near and "." in short:
        mend = "Every key is in Pulumi.yaml."
    return OpsError(f"{name!r} is no key of the stack's config. {mend}")


def _value(text: str) -> object:
    try:
        return json_value(text)
    except DataError:
        return text
