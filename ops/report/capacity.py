"""Capacity and cost before and after, from the stack's config alone."""

import importlib
import importlib.util
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import yaml_value

__all__ = ["capacity_lines", "config_at"]


def config_at(revision: str, stack: str, root: Path) -> dict[str, str] | None:
    """Return a stack's config as of a git revision, in the form of the engine's events.

    Returns:
        None where the stack has no config file there.

    Raises:
        OpsError: git has no such revision.
    """
    if _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode:
        raise OpsError(f"--base is {revision!r}, but git knows no such revision here.")
    shown = _git(root, "show", f"{revision}:Pulumi.{stack}.yaml")
    if shown.returncode:
        return None
    try:
        config = dict((yaml_value(shown.stdout) or {}).get("config") or {})
        return {str(key): _text(value) for key, value in config.items() if not _is_secret(value)}
    except (ValueError, TypeError, AttributeError) as error:
        raise OpsError(f"Pulumi.{stack}.yaml of {revision} cannot be read: {error}") from error


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, errors="replace", check=False
    )


def _text(value: Any) -> str:  # noqa: ANN401 - any YAML
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _is_secret(value: Any) -> bool:  # noqa: ANN401 - any YAML
    return isinstance(value, dict) and value.keys() == {"secure"}


def capacity_lines(
    before: Mapping[str, str] | None, after: Mapping[str, str], now: datetime | None = None
) -> list[str]:
    """Return Markdown lines about capacity and monthly cost; none if there is nothing to say.

    A config that is refused has no plan: the preview says why, so that nothing is said here.

    Args:
        before: The stack's config before the change; None for a new stack.
        after: The config after it.
        now: Decides which events are over, and how old the prices are; the present by default.
    """
    if importlib.util.find_spec("ops.plan") is None:
        return []
    describe = importlib.import_module("ops.plan").describe
    now = now or datetime.now(UTC)
    new = _plan(after, now)
    if new is None:
        return []
    return list(describe(_plan(before, now) or new if before else new, new))


def _plan(config: Mapping[str, str], now: datetime) -> Any:  # noqa: ANN401 - of a later import
    import pulumi  # noqa: PLC0415

    from todo_infra import config as stack_config  # noqa: PLC0415
    from todo_infra.capacity import plan_capacity  # noqa: PLC0415
    from todo_infra.errors import ConfigErrors  # noqa: PLC0415

    pulumi.runtime.set_all_config(dict(config))
    try:
        return plan_capacity(stack_config.load(), now)
    except ConfigErrors:
        return None
