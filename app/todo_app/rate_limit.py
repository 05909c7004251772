"""How often one client may ask: a leaky bucket for each address, kept in this process."""

import ipaddress
import math
import time
from typing import Final

from todo_app.rsgi import Request

__all__ = ["RateLimiter", "client_address"]

# Enough for every client of one task; the oldest make room. About 200 bytes each.
_MOST_CLIENTS: Final = 20_000
_BURST_SECONDS: Final = 4.0
_SUBNET: Final = 64


def client_address(request: Request, *, forwarded_hops: int) -> str:
    """Return the address of who asks.

    Args:
        request: the request.
        forwarded_hops: how many proxies of ours stand before us. Each adds the address it sees to
            `X-Forwarded-For`; what stands further left there is the client's own claim.
    """
    if forwarded_hops:
        # A proxy may add a line of its own instead of adding to the client's.
        lines = request.headers.get_all("x-forwarded-for")  # type: ignore[attr-defined] # no stub
        chain = ",".join(lines).split(",")
        if len(chain) >= forwarded_hops:
            return _network(chain[-forwarded_hops].strip()) or request.peer
    return request.peer


def _network(address: str) -> str:
    """The address, or of an IPv6 one the network: a client has all of its addresses to choose."""
    if ":" not in address:
        return address[:45]
    try:
        return str(ipaddress.IPv6Network((address, _SUBNET), strict=False))
    except ValueError:
        return ""


class RateLimiter:
    """Lets each client ask `per_second` times a second, and a few seconds' worth at once.

    It is the "generic cell rate algorithm": one number per client, the time at which its bucket
    will be empty again.
    """

    def __init__(self, per_second: int) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._empty_at: dict[str, float] = {}

    def seconds_to_wait(self, client: str) -> int:
        """Count a request; 0 if it may pass, else how long the client should stay away."""
        if not self._interval:
            return 0
        now = time.monotonic()
        # Taken out and put back, so that the first in the dictionary was quiet for longest.
        empty_at = max(self._empty_at.pop(client, now), now) + self._interval
        too_full = empty_at - now - _BURST_SECONDS
        if too_full > 0:
            empty_at -= self._interval
        elif len(self._empty_at) >= _MOST_CLIENTS:
            del self._empty_at[next(iter(self._empty_at))]
        self._empty_at[client] = empty_at
        return max(0, math.ceil(too_full))
