"""Answers of the Describe operations: the records asked for, a page at a time."""

from collections.abc import Iterable

from local.autoscaling_api.contract import ApiError, Request
from local.autoscaling_api.state import Record

__all__ = ["page"]

_PAGE_SIZE = 50
"""Records in one answer, at most and unless fewer are asked for (AWS API reference)."""


def page(records: Iterable[Record], request: Request, *, kind: str, name: str) -> Record:
    """The next page of the records that a Describe request selects.

    Args:
        records: all records of this kind, in a steady order.
        request: may select by `ResourceId`, `ScalableDimension` and a list of names.
        kind: member of the answer that holds the records, such as `ScalingPolicies`.
        name: member that the list of names is about, such as `PolicyName`; the list is its plural.

    Raises:
        ApiError: `InvalidNextTokenException`.
    """
    selected = [record for record in records if _selects(request, record, name)]
    start = _start(request.get("NextToken"), len(selected))
    end = start + max(1, min(request.get("MaxResults", _PAGE_SIZE), _PAGE_SIZE))
    more = {"NextToken": str(end)} if end < len(selected) else {}
    return {kind: selected[start:end], **more}


def _selects(request: Request, record: Record, name: str) -> bool:
    names = request.get(f"{name}s")
    return (not names or record[name] in names) and all(
        request[member] == record[member]
        for member in ("ResourceId", "ScalableDimension")
        if member in request
    )


def _start(token: str | None, count: int) -> int:
    if token is None:
        return 0
    if len(token) > len(str(count)) or not token.isdecimal() or int(token) >= count:
        raise ApiError(
            "InvalidNextTokenException", f"The next token supplied was invalid: {token!r}"
        )
    return int(token)
