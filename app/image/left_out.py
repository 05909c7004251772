"""What of Python and of the installed packages the application can do without.

A list of what goes, rather than of what stays: a module that nobody thought of is then 20 KB too
many, and not a request that fails. tests/engine/test_image.py imports what is needed.
"""

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

__all__ = ["left_out"]

_ANYWHERE: Final = (
    # Sources of compiled modules, and what only type checkers read.
    *("*.c", "*.h", "*.html", "*.pxd", "*.pyi", "*.pyx", "py.typed"),
    "__pycache__",
)

_LIBRARY: Final = (
    *("site-packages", "dist-packages", "sitecustomize.py"),
    # For developers.
    *("config-3*", "ensurepip", "idlelib", "lib2to3", "test", "unittest", "venv", "__phello__*"),
    *("_pyrepl", "bdb.py", "cProfile.py", "code.py", "codeop.py", "doctest.py", "pdb.py"),
    *("profile.py", "pstats.py", "pyclbr.py", "pydoc.py", "pydoc_data", "trace.py", "this.py"),
    *("antigravity.py", "tabnanny.py", "webbrowser.py"),
    # For terminals and desktops.
    *("curses", "tkinter", "turtle.py", "turtledemo", "rlcompleter.py"),
    # Protocols and files that nothing here speaks or reads.
    *("dbm", "ftplib.py", "imaplib.py", "mailbox.py", "poplib.py", "smtplib.py", "sqlite3"),
    *("bz2.py", "encodings/bz2_codec.py", "lzma.py", "asyncio/__main__.py"),
    *("shelve.py", "xmlrpc", "wave.py", "netrc.py", "zipapp.py", "plistlib.py"),
    # In C already.
    *("_pydecimal.py", "_pydatetime.py", "_pyio.py"),
    # Compiled modules of the above, of compressions that Python can miss, of Asian code pages.
    *(
        f"lib-dynload/{name}.*"
        for name in (
            *("_bz2", "_codecs_*", "_crypt", "_ctypes_test", "_curses*", "_dbm", "_gdbm"),
            *("_lsprof", "_lzma", "_multibytecodec", "_sqlite3", "_test*", "_tkinter", "_uuid"),
            *("_xxtestfuzz", "readline", "xx*"),
        )
    ),
    *("encodings/big5*", "encodings/cp93[26]*", "encodings/cp949*", "encodings/cp950*"),
    *("encodings/euc_*", "encodings/gb*", "encodings/hz*", "encodings/iso2022*"),
    *("encodings/johab*", "encodings/shift_jis*"),
)

_PACKAGES: Final = (
    # Tests, command lines, and what serves other frameworks.
    *("alembic/templates", "alembic/testing", "sqlalchemy/testing", "mako/testing", "mako/ext"),
    *("*/tests", "uvloop/_testbase.py", "click/testing.py", "sqlalchemy/dialects/*/provision.py"),
    *("prometheus_client/aiohttp", "prometheus_client/django", "prometheus_client/twisted"),
    *("sqlalchemy/ext/mypy", "botocore/data/*/*/examples-*"),
    # Alembic wants PostgreSQL's at import.
    *(f"sqlalchemy/dialects/{name}" for name in ("mssql", "oracle", "sqlite")),
    "dateutil/zoneinfo/*.tar.gz",
    # Of a distribution, METADATA and licences say what it is; the rest is for installers.
    *(f"*.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL")),
    "*.dist-info/top_level.txt",
)

# AWS's description of each of its services; the application talks to one.
_AWS_DATA: Final = "botocore/data"
_AWS_DATA_USED: Final = (
    *("endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"),
    "secretsmanager",
)


def left_out(path: PurePosixPath, *, library: bool) -> bool:
    """Say whether a file or directory stays out of the image.

    Args:
        path: Relative to the standard library, or to `site-packages`.
        library: Whether it is the standard library's.
    """
    if any(fnmatchcase(path.name, pattern) for pattern in _ANYWHERE):
        return True
    if not library and path.parent == PurePosixPath(_AWS_DATA):
        return path.name not in _AWS_DATA_USED
    patterns = _LIBRARY if library else _PACKAGES
    return any(fnmatchcase(str(path), pattern) for pattern in patterns)
