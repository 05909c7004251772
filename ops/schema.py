"""The JSON Schema of stack files, which editors complete and check by: `make schema`.

Made of the classes and rules that the program itself checks by, so that there is nothing to keep
up by hand: key, type, limits, default and description. What only several values together show
is beyond it; `make plan` says that.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from functools import singledispatch
from pathlib import Path
from typing import Any

from todo_infra import config
from todo_infra.config.choices import SomeOf, ZeroOr
from todo_infra.config.database_windows import DailyWindow, WeeklyWindow
from todo_infra.config.events import EVENT_NAME, MOMENT, MOST_REQUESTS, EventList
from todo_infra.config.image import ImageReferences
from todo_infra.config.observability import EMAIL, MOST_EMAILS, EmailList
from todo_infra.config.restore import GENERATION, SECOND, SNAPSHOT, RestoreFrom
from todo_infra.config.rules import CidrList, OneOf, Text, WholeNumber, YesNo, key_of, rules_of
from todo_infra.config.terraform_state import OUTPUT_NAMES, OUTPUT_PATH, OutputPaths

__all__ = ["PATH", "main", "stack_schema"]

PATH = Path("pulumi/stack.schema.json")
Schema = dict[str, Any]

_TITLE = "A stack of the TODO application (Pulumi.<stack>.yaml)"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_CIDR = rf"({_OCTET}\.){{3}}{_OCTET}/(3[0-2]|[12]?\d)"


@singledispatch
def _schema_of(rule: object) -> Schema:
    raise TypeError(f"{type(rule).__name__} has no JSON Schema: give it one in {__name__}.")


@_schema_of.register
def _(rule: WholeNumber) -> Schema:
    return {"type": "integer", "minimum": rule.low, "maximum": rule.high}


@_schema_of.register
def _(_rule: YesNo) -> Schema:
    return {"type": "boolean"}


@_schema_of.register
def _(rule: OneOf) -> Schema:
    return {"enum": list(rule.choices)}


@_schema_of.register
def _(rule: Text) -> Schema:
    return _text(rule.pattern)


@_schema_of.register
def _(rule: ZeroOr) -> Schema:
    return {"anyOf": [{"const": 0}, _schema_of(WholeNumber(rule.low, rule.high))]}


@_schema_of.register
def _(rule: SomeOf) -> Schema:
    return {"type": "array", "items": {"enum": list(rule.choices)}}


@_schema_of.register
def _(_rule: CidrList) -> Schema:
    return {"type": "array", "minItems": 1, "items": _text(_CIDR)}


@_schema_of.register
def _(_rule: ImageReferences) -> Schema:
    return {"type": "array", "items": _text(r"\S+")}


@_schema_of.register
def _(_rule: EmailList) -> Schema:
    return {"type": "array", "maxItems": MOST_EMAILS, "items": _text(EMAIL)}


@_schema_of.register
def _(_rule: DailyWindow) -> Schema:
    return _text(f"{_CLOCK}-{_CLOCK}")


@_schema_of.register
def _(_rule: WeeklyWindow) -> Schema:
    return _text(f"{_DAY}:{_CLOCK}-{_DAY}:{_CLOCK}")


@_schema_of.register
def _(_rule: OutputPaths) -> Schema:
    properties = dict.fromkeys(OUTPUT_NAMES, _text(OUTPUT_PATH))
    return {"type": "object", "properties": properties, "additionalProperties": False}


@_schema_of.register
def _(_rule: EventList) -> Schema:
    properties = {
        "name": _text(EVENT_NAME) | {"description": "What people call it; used once."},
        "from": _text(MOMENT) | {"description": "When the crowd comes: 2027-01-02T06:00Z is UTC."},
        "until": _text(MOMENT) | {"description": "From when on it is over."},
        "peakRequestsPerSecond": _schema_of(WholeNumber(1, MOST_REQUESTS)),
    }
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }


@_schema_of.register
def _(_rule: RestoreFrom) -> Schema:
    properties = {
        "name": _schema_of(GENERATION) | {"description": "Such as r20261129, of the day."},
        "snapshot": _text(SNAPSHOT) | {"description": "Identifier of a snapshot of this region."},
        "time": _text(SECOND) | {"description": 'In UTC and quotes: "2026-11-29T07:59:31Z".'},
        "serve": {"type": "boolean", "description": "Whether the application uses it."},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["name"],
        "oneOf": [{"required": ["snapshot"]}, {"required": ["time"]}],
        "additionalProperties": False,
    }


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^({pattern})$"}


def stack_schema() -> Schema:
    """Return the schema of a stack file."""
    groups = {key_of(f.name): f.type for f in fields(config.Settings) if f.name != "region"}
    properties = {
        f"{config.PROJECT}:{name}": _object(settings)
        for name, settings in groups.items()
        if isinstance(settings, type)
    }
    region = config.REGION
    stated = {"aws:region": _schema_of(region) | {"description": f"{region.allowed}."}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": _TITLE,
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": stated | properties,
                # Other providers have keys of their own; a key of ours that nothing reads is a
                # mistake.
                "patternProperties": {f"^{config.PROJECT}:(?!({'|'.join(groups)})$)": False},
                "required": ["aws:region"],
            }
        },
        "required": ["config"],
    }


def _object(settings: type) -> Schema:
    rules, texts = rules_of(settings), _attributes(settings)
    return {
        "type": "object",
        "description": inspect.getdoc(settings).partition("\n")[0],  # type: ignore[union-attr]
        "properties": {
            key_of(field.name): _schema_of(rules[field.name])
            | {"description": texts[field.name]}
            | _default(field)
            for field in fields(settings)
        },
        "additionalProperties": False,
    }


def _default(field: Field[Any]) -> Schema:
    if field.default is MISSING or field.default is None:
        return {}
    value = field.default
    return {"default": list(value) if isinstance(value, tuple) else value}


def _attributes(settings: type) -> dict[str, str]:
    """Return what a class's docstring says of each attribute."""
    text = (inspect.getdoc(settings) or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, flags=re.MULTILINE)
    return {name: " ".join(description.split()) for name, description in entries}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schema, or say with `--check` whether the written one is right."""
    parser = argparse.ArgumentParser(prog="python -m ops.schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is old")
    parser.add_argument("--output", type=Path, default=PATH)
    options = parser.parse_args(arguments)
    text = json.dumps(stack_schema(), indent=1, ensure_ascii=False) + "\n"
    if options.check:
        if options.output.exists() and options.output.read_text() == text:
            return 0
        print(f"✗ {options.output} is old: run `make schema`.", file=sys.stderr)
        return 1
    options.output.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
