"""The controls of AWS Foundational Security Best Practices that apply to this system.

https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html
"""

from collections.abc import Mapping

__all__ = ["APPLICABLE", "NOT_COVERED"]

_BY_SERVICE: Mapping[str, tuple[int, ...]] = {
    "RDS": (2, 3, 5, 6, 8, 9, 10, 11, 13, 17, 18, 20, 21, 22, 23, 25, 26, 39, 46),
    "ECS": (2, 3, 4, 5, 8, 9, 10, 12, 17, 20),
    "ELB": (1, 4, 5, 6, 12, 13, 16, 17, 18, 21, 22),
    "ECR": (1, 2, 3),
    "EC2": (2, 6, 10, 15, 18, 19, 21, 55, 56),
    "SecretsManager": (1, 2, 3, 4),
    "KMS": (1, 2, 3, 4, 5),
    "CloudTrail": (1, 2, 4, 5, 6, 7),
    "IAM": (1, 21),
}

APPLICABLE: tuple[str, ...] = tuple(
    f"{service}.{number}" for service, numbers in _BY_SERVICE.items() for number in numbers
)
"""Ids of the controls about something that the program makes, or stands on."""

_EVENTS = "Event subscriptions tell of what the alarms and the trail tell of already."
_INSIDE = (
    "TLS ends at the load balancer; from there to the tasks traffic stays between two chained "
    "groups in the network."
)
_RUN_TIME = (
    "Whether a rotation went well, or a secret is read, shows at run time only: an alarm watches "
    "the first."
)

NOT_COVERED: Mapping[str, str] = {
    "RDS.20": _EVENTS,
    "RDS.21": _EVENTS,
    "RDS.22": _EVENTS,
    "RDS.23": "Another port hides nothing from whoever can reach it; `database-reachability` sees "
    "to that nobody can.",
    "RDS.26": "Automatic backups, which restore to any second, and the final snapshot are asked "
    "for by `database-backups`.",
    "EC2.10": "Nothing in the network calls the API of EC2.",
    "ELB.21": _INSIDE,
    "ELB.22": _INSIDE,
    "CloudTrail.5": "Records are kept in a bucket that nobody can change; no alarm is made from "
    "single records.",
    "CloudTrail.7": "The trail's bucket is private, and who reads it is on the trail's own record.",
    "SecretsManager.1": "RDS rotates the master's password (`database-credentials-managed`); the "
    "application's rotates where `todo:secrets.rotationDays` says so.",
    "SecretsManager.2": _RUN_TIME,
    "SecretsManager.3": _RUN_TIME,
}
"""Why no rule enforces a control that applies."""
