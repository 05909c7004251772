"""Names, and the limits AWS puts on them."""

import hashlib
import re

__all__ = ["NAME_PREFIX_LIMIT", "name_prefix"]

# The shortest limit of all is the load balancer's, 32 characters, from which autonaming takes
# 8 ("-1a2b3c4") and the longest suffix on it 4 ("-alb").
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
NAME_PREFIX_LIMIT = 32 - 8 - 4
_DIGEST_LENGTH = 4


def name_prefix(project: str, stack: str) -> str:
    """Return what every name of this stack's resources starts with.

    It is lower-case letters, digits and single hyphens, at most `NAME_PREFIX_LIMIT`
    characters. A longer one is cut and ends in a digest, so that two long stack names with
    the same start do not meet.
    """
    name = re.sub(r"[^a-z0-9]+", "-", f"{project}-{stack}".lower()).strip("-")
    if len(name) <= NAME_PREFIX_LIMIT:
        return name
    digest = hashlib.sha256(stack.encode()).hexdigest()[:_DIGEST_LENGTH]
    kept = name[: NAME_PREFIX_LIMIT - _DIGEST_LENGTH - 1].rstrip("-")
    return f"{kept}-{digest}"
