"""How much a database of each size has, as far as alarms, dashboard and plan have to know.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""

from collections.abc import Mapping

__all__ = ["LASTING_CPUS_PERCENT", "MEMORY_GIB", "max_connections", "usable_connections"]

MEMORY_GIB: Mapping[str, int] = {"xsmall": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
# RDS sets max_connections to {DBInstanceClassMemory/12582880}:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
_BYTES_PER_CONNECTION = 12_582_880
_RESERVED_PERCENT = 10
_RESERVED_CONNECTIONS = 15

LASTING_CPUS_PERCENT: Mapping[str, int] = {
    "xsmall": 20,
    "small": 40,
    "medium": 40,
    "large": 200,
    "xlarge": 400,
}
"""Percent of one processor that a size has for good. The t4g classes have two processors, and are
charged for what they use above a tenth (micro) or a fifth of them:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html"""


def max_connections(size: str) -> int:
    """Return how many connections a size accepts at most.

    RDS takes its own processes' memory off before it divides, and does not say how much: on
    the smallest size the limit is about a quarter lower.
    """
    return MEMORY_GIB[size] * 1024**3 // _BYTES_PER_CONNECTION


def usable_connections(size: str) -> int:
    """Return how many connections to count on, whatever RDS has taken off.

    Public reports of what servers show lie above this on every size: 66 of 85 with 1 GiB, 150
    of 170, 312 of 341, 609 of 682, 1237 of 1365.
    """
    return max_connections(size) * (100 - _RESERVED_PERCENT) // 100 - _RESERVED_CONNECTIONS
