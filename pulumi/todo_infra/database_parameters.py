"""What the MySQL servers are told beyond their defaults. No resources here."""

from collections.abc import Iterator

import pulumi_aws as aws

from .config import DatabaseOperations
from .mysql_support import mysql_line

__all__ = ["parameter_family", "server_parameters"]

_Parameter = aws.rds.ParameterGroupParameterArgs


def parameter_family(engine_version: str) -> str:
    """Return the parameter group family of a MySQL version: 8.4.6 is in mysql8.4."""
    return f"mysql{mysql_line(engine_version)}"


def server_parameters(operations: DatabaseOperations) -> list[_Parameter]:
    """Return the parameters of a server, replicas included."""
    return [
        _Parameter(name=name, value=value, apply_method=None if dynamic else "pending-reboot")
        for name, value, dynamic in _values(operations)
    ]


def _values(operations: DatabaseOperations) -> Iterator[tuple[str, str, bool]]:
    """Yield name, value, and whether a running server takes it."""
    yield "require_secure_transport", "1", True
    yield "tls_version", "TLSv1.2,TLSv1.3", False
    if operations.global_transaction_ids:
        yield "gtid-mode", "ON", False
        yield "enforce_gtid_consistency", "ON", False
    if "slowquery" in operations.log_exports:
        yield "slow_query_log", "1", True
        yield "long_query_time", str(operations.slow_query_seconds), True
        yield "log_output", "FILE", True  # in a table, it would not be exported
