"""Bytecode in the place of sources: `module.pyc` beside where `module.py` was."""

import ast
import importlib.util
import marshal
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

__all__ = ["replace_sources"]

# PEP 552: made from a hashed source, with which it is never compared.
_UNCHECKED_HASH: Final = (1).to_bytes(4, "little")

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def replace_sources(root: Path, *, prefix: Path, docstrings: bool) -> None:
    """Compile all modules below `root` and remove their sources.

    Run it with `-X no_debug_ranges`: the columns of each instruction serve only to mark a place
    in a line of the source.

    Args:
        root: A directory.
        prefix: What is not part of the files' names in tracebacks.
        docstrings: Whether they are kept. Assertions always are, other than with `-OO`.
    """
    for old in [*root.rglob("__pycache__")]:
        shutil.rmtree(old)
    work = partial(_replace, prefix=prefix, docstrings=docstrings)
    with ProcessPoolExecutor() as processes:
        list(processes.map(work, sorted(root.rglob("*.py")), chunksize=32))


def _replace(source: Path, *, prefix: Path, docstrings: bool) -> None:
    text = source.read_bytes()
    name = str(Path("/", source.relative_to(prefix)))
    tree = ast.parse(text, name)
    if not docstrings:
        _blank_docstrings(tree)
    code = compile(tree, name, "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(text)
    source.with_suffix(".pyc").write_bytes(header + marshal.dumps(code))
    source.unlink()


def _blank_docstrings(tree: ast.Module) -> None:
    """Leave a dot in the place of each, since some modules want to find a text there."""
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            blank = ast.copy_location(ast.Expr(ast.Constant(".")), node.body[0])
            node.body[0] = ast.fix_missing_locations(blank)
