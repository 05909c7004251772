"""Takes the place of `app/image/bytecode.py`: the same image, with sources and no bytecode."""

from pathlib import Path

__all__ = ["replace_sources"]


def replace_sources(root: Path, *, prefix: Path, docstrings: bool) -> None:
    """Leave the sources as they are."""
    del root, prefix, docstrings
