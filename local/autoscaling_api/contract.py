"""What a request must look like: the service's definition as botocore ships it, and its errors."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

__all__ = ["ApiError", "Request", "operation_of", "target_prefix", "validate"]

Request = Mapping[str, Any]
"""The members of one operation's input, after `validate`."""


class ApiError(Exception):
    """An error as AWS answers it.

    Attributes:
        code: error type, such as `ValidationException`.
        members: further members of the error's shape.
    """

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.members = members


@cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("application-autoscaling")


def target_prefix() -> str:
    """What precedes the operation's name in the `X-Amz-Target` header."""
    return str(_model().metadata["targetPrefix"])


def operation_of(target: str | None) -> str:
    """The operation that an `X-Amz-Target` header names.

    Raises:
        ApiError: `UnknownOperationException`, if the service has no such operation.
    """
    prefix, _, operation = (target or "").partition(".")
    if prefix != target_prefix() or operation not in _model().operation_names:
        raise ApiError("UnknownOperationException", f"There is no operation {target!r}.")
    return operation


def validate(operation: str, request: object) -> Request:
    """Hold a request to its input shape: names, types, required members, bounds, enumerations.

    Raises:
        ApiError: `ValidationException`, listing everything that is wrong.
    """
    shape = _model().operation_model(operation).input_shape
    if not isinstance(request, dict) or shape is None:
        raise ApiError("SerializationException", "The request must be a JSON object.")
    report = ParamValidator().validate(request, shape)
    problems = (
        [report.generate_report()] if report.has_errors() else list(_outside_enum(request, shape))
    )
    if problems:
        raise ApiError("ValidationException", "\n".join(problems))
    return request


def _outside_enum(value: Any, shape: Shape, path: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Name the strings outside their enumeration, which botocore's validator lets through."""
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            yield from _outside_enum(member, shape.members[name], f"{path}.{name}".lstrip("."))
    elif isinstance(shape, ListShape):
        for index, member in enumerate(value):
            yield from _outside_enum(member, shape.member, f"{path}[{index}]")
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        )
