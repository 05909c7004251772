"""AWS's JSON 1.1 protocol over HTTP: operation in a header, members and typed errors in JSON."""

import json
import uuid

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from local.autoscaling_api.contract import ApiError, operation_of, validate
from local.autoscaling_api.operations import Operations
from local.autoscaling_api.state import Record

__all__ = ["application"]


def application(operations: Operations) -> Starlette:
    """The ASGI application that answers for `operations`.

    Requests are performed on the event loop, one after another: each sees and leaves whole state.
    """

    async def endpoint(request: HttpRequest) -> Response:
        body = await request.body()
        try:
            operation = operation_of(request.headers.get("x-amz-target"))
            return _answer(operations.perform(operation, validate(operation, _parsed(body))))
        except ApiError as error:
            return _answer(
                {"__type": error.code, "Message": str(error), **error.members}, status=400
            )

    return Starlette(routes=[Route("/", endpoint, methods=["POST"])])


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", f"The request is not JSON: {error}") from error


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def _answer(members: Record, status: int = 200) -> Response:
    return Response(
        json.dumps(members),
        status,
        headers={"x-amzn-RequestId": str(uuid.uuid4())},
        media_type="application/x-amz-json-1.1",
    )
