"""What `python -m ops.ownership --json FILE` said."""

from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError
from ops.plain_data import json_value

__all__ = ["Verdict", "read_verdict"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whose a change is, as `ops.ownership` judged it.

    Attributes:
        product_only: Whether it needs no review of the platform team.
        line: The same in a sentence.
    """

    product_only: bool
    line: str


def read_verdict(file: Path) -> Verdict:
    """Read what `python -m ops.ownership --json FILE` wrote.

    Raises:
        OpsError: It is something else.
    """
    try:
        content = json_value(file.read_text(encoding="utf-8"))
        return Verdict(product_only=content["productOnly"] is True, line=str(content["line"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OpsError(f"{file} is not what ops.ownership writes: {error!r}.") from error
