"""Run the server: `python -m local.autoscaling_api --port 4567 --state FILE`."""

import argparse
import asyncio
import logging
import os
import socket
import sys
import threading
from functools import partial
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.autoscaling_api.aws import Aws
from local.autoscaling_api.loop import Loop
from local.autoscaling_api.operations import Operations, Owner
from local.autoscaling_api.server import application
from local.autoscaling_api.state import State
from local.errors import LocalError
from local.time_lapse import PARAMETER, TimeLapse, default_seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.autoscaling_api",
        description="Application Auto Scaling for local runs. It scales where AWS_ENDPOINT_URL "
        "says; without that it only keeps what it is told.",
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one; it is printed")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: loopback only)"
    )
    parser.add_argument(
        "--state", type=Path, required=True, metavar="FILE", help="JSON file that keeps the records"
    )
    parser.add_argument(
        "--account", default="000000000000", help="account id in ARNs (default: %(default)s)"
    )
    parser.add_argument(
        "--region",
        default=os.environ.get("AWS_REGION", "us-east-1"),
        help="region in ARNs (default: AWS_REGION, here %(default)s)",
    )
    return parser.parse_args()


def _listening_socket(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise LocalError(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            fix="Choose another --port, or end the process that uses this one.",
        ) from error


def _scale(state: State, region: str) -> None:
    """Carry out what the state says, in the background."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("autoscaling").setLevel(logging.INFO)
    aws = Aws(region)
    lapse = TimeLapse(partial(aws.parameter, PARAMETER), default_seconds())
    loop = Loop(state, aws, lapse)
    threading.Thread(target=loop.run_forever, name="loop", daemon=True).start()


def _main() -> None:
    arguments = _arguments()
    state = State(arguments.state)
    listener = _listening_socket(arguments.host, arguments.port)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    print(f"http://{arguments.host}:{listener.getsockname()[1]}", flush=True)
    owner = Owner(account=arguments.account, region=arguments.region)
    if "AWS_ENDPOINT_URL" in os.environ:
        _scale(state, arguments.region)
    app = application(Operations(state, owner))
    # Both sides speak ASGI; their type hints for it differ.
    asyncio.run(serve(app, config))  # type: ignore[arg-type]


if __name__ == "__main__":
    try:
        _main()
    except LocalError as error:
        sys.exit(str(error))
