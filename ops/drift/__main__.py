"""What others changed behind the sources' back: `make drift STACK=prod`, every night.

Reads only: no state is locked or written. Exits with 0 if nothing differs but what is known, with 1
if something does, and with 2 if one of the tools gives no answer.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops.drift import pulumi_drift, terraform_drift
from ops.drift.findings import as_json, as_text, marked, read_known
from ops.errors import OpsError

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what differs."""
    options = _options(arguments)
    try:
        known = read_known([Path(__file__).with_name("known.toml"), *options.known])
        how = pulumi_drift.Look(
            stack=options.stack, config_file=options.config_file, root=options.root
        )
        with ThreadPoolExecutor() as pool:  # most of it is waiting for both tools' AWS providers
            looks = [pool.submit(pulumi_drift.look, how)]
            if not options.no_terraform:
                looks.append(pool.submit(terraform_drift.look, options.terraform))
            found = [one for look in looks for one in look.result()]
    except OpsError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    findings = marked(found, known)
    print(as_json(options.stack, findings) if options.json else as_text(findings))
    return int(any(not one.known for one in findings))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.drift", description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack")
    parser.add_argument("--root", type=Path, default=_ROOT, help="the project's directory")
    parser.add_argument("--config-file", type=Path, help="another file with the stack's config")
    parser.add_argument(
        "--terraform", type=Path, default=_ROOT / "terraform", help="Terraform's directory"
    )
    parser.add_argument("--no-terraform", action="store_true", help="leave Terraform out")
    parser.add_argument(
        "--known", type=Path, action="append", default=[], help="one more list of what is known"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
