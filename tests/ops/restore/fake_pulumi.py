"""Stands in for `pulumi`: keeps a state and a config, notes what it was asked, fails if told to."""

import json
import sys
from pathlib import Path

import yaml

HOME = Path(__file__).parent


def main(words: list[str]) -> int:
    """Run one command."""
    with (HOME / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    if words[:2] == ["stack", "export"]:
        print((HOME / "state.json").read_text())
    elif words[0] == "config":
        _change(Path(words[words.index("--config-file") + 1]), words)
    failing = HOME / f"{words[0]}.fails"
    if failing.exists():
        print(failing.read_text(), file=sys.stderr)
        return 1
    return 0


def _change(file: Path, words: list[str]) -> None:
    content = yaml.safe_load(file.read_text())
    *path, last = words[words.index("--path") + 1].split(".")
    inside = content["config"]
    for key in path:
        inside = inside.setdefault(key, {})
    if words[1] == "rm":
        del inside[last]
    else:
        value = words[words.index("--path") + 2]
        inside[last] = {"true": True, "false": False}.get(value, value)
    file.write_text(yaml.safe_dump(content))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
