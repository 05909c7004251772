"""Serves a provider written in Python to the engine, with errors as people should read them."""

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc.aio
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from local.errors import LocalError
from local.toolchain.lifetime import end_with_parent

__all__ = ["serve"]

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

_Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_Method: TypeAlias = Callable[[ProviderServicer, Any, _Context], Awaitable[Any]]


def serve(provider: Provider, version: str) -> None:
    """Serve until the engine ends this process or is gone itself."""
    end_with_parent(lambda: os._exit(0))
    engine = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    asyncio.run(_serve(_Servicer(sys.argv[1:], version, provider, engine)))


async def _serve(servicer: ProviderServicer) -> None:
    server = grpc.aio.server(options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


def _readable(method: _Method) -> _Method:
    """Report a LocalError without the traceback that the SDK adds to whatever is raised."""

    @functools.wraps(method)
    async def call(servicer: ProviderServicer, request: object, context: _Context) -> object:
        try:
            return await method(servicer, request, context)
        except Exception as error:
            cause = error.__context__
            if isinstance(cause, LocalError):
                await context.abort(grpc.StatusCode.UNKNOWN, str(cause))
            raise

    return call


class _Servicer(ProviderServicer):
    Invoke = _readable(ProviderServicer.Invoke)
    Check = _readable(ProviderServicer.Check)
    Create = _readable(ProviderServicer.Create)
    Update = _readable(ProviderServicer.Update)
