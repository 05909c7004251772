"""How much a database of each size has, as far as alarms and the dashboard have to know.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""

from collections.abc import Mapping

__all__ = ["MEMORY_GIB", "max_connections"]

MEMORY_GIB: Mapping[str, int] = {"xsmall": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
# RDS sets max_connections to {DBInstanceClassMemory/12582880}:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
_BYTES_PER_CONNECTION = 12_582_880


def max_connections(size: str) -> int:
    """Return how many connections a size accepts at most.

    RDS takes its own processes' memory off before it divides, and does not say how much: on
    the smallest size the limit is about a quarter lower.
    """
    return MEMORY_GIB[size] * 1024**3 // _BYTES_PER_CONNECTION
