"""What a task may do so that people can enter it with `aws ecs execute-command`.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from typing import Any

__all__ = ["session_context", "session_log_name", "session_statements"]

_CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
_WRITE = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def session_log_name(name: str) -> str:
    """Return the log group's name, which the stack's key is for; see `keys.key_policy`."""
    return f"/ecs/{name}/sessions"


def session_context() -> dict[str, Any]:
    """Return the condition under which a key is used for a session, and for nothing else."""
    return {"Null": {"kms:EncryptionContext:aws:ssm:SessionId": "false"}}


def session_statements(log_group_arn: str, key_arn: str | None) -> list[dict[str, Any]]:
    """Return what the task's role needs beside its own.

    Args:
        log_group_arn: Where sessions are recorded.
        key_arn: Encrypts sessions between person and task; None for TLS alone.
    """
    statements = [
        # These actions know no resource.
        _allow("OpenSessions", _CHANNELS, "*"),
        _allow("FindSessionLog", ("logs:DescribeLogGroups",), "*"),
        _allow("RecordSessions", _WRITE, f"{log_group_arn}:*"),
    ]
    if key_arn is not None:
        decrypt = _allow("DecryptSessions", ("kms:Decrypt",), key_arn)
        statements.append({**decrypt, "Condition": session_context()})
    return statements


def _allow(sid: str, actions: tuple[str, ...], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": [resource]}
