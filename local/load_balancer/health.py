"""Whether targets are well, by AWS's rules: what a target answered, and how often in a row."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, replace
from enum import Enum

from local.load_balancer.model import HealthCheck, Target

__all__ = ["Health", "Judgement", "ask", "judge"]


class Health(Enum):
    """State of a target, as `DescribeTargetHealth` names it."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNAVAILABLE = "unavailable"
    """Health checks are off, so that it gets requests whatever it is."""

    @property
    def is_served(self) -> bool:
        """Whether it gets requests while others do."""
        return self in (Health.HEALTHY, Health.UNAVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is known of a target.

    Attributes:
        health: its state.
        passed: checks in a row that it passed.
        failed: checks in a row that it failed.
        reason: what the last failure was; empty while it is well.
    """

    health: Health = Health.INITIAL
    passed: int = 0
    failed: int = 0
    reason: str = ""


def ask(target: Target, check: HealthCheck) -> str:
    """Check a target once; return what is wrong, or nothing if it is well."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=check.timeout)
    headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
    try:
        connection.request("GET", check.path, headers=headers)
        status = connection.getresponse().status
    except TimeoutError:
        return "Request timed out"
    except (OSError, http.client.HTTPException):
        return "Health checks failed"
    finally:
        connection.close()
    if status in check.statuses:
        return ""
    return f"Health checks failed with these codes: [{status}]"


def judge(before: Judgement, problem: str, check: HealthCheck) -> Judgement:
    """Add a check's result: a new target needs one success, one that failed needs several."""
    if not problem:
        passed = before.passed + 1
        enough = before.health is not Health.UNHEALTHY or passed >= check.healthy_threshold
        if enough:
            return Judgement(health=Health.HEALTHY, passed=passed)
        return replace(before, passed=passed, failed=0)
    failed = before.failed + 1
    health = Health.UNHEALTHY if failed >= check.unhealthy_threshold else before.health
    return Judgement(health=health, failed=failed, reason=problem)
