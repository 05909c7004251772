"""Who did what in the AWS account, on record."""

from dataclasses import dataclass
from typing import Annotated

from .rules import WholeNumber, YesNo

__all__ = ["Audit"]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Who did what in the AWS account, on record.

    Attributes:
        trail: Record every change of the account, in all regions. False where the account
            or its organization has a trail already: a second one is charged for.
        retention_days: Days until a record is deleted.
        protect: Refuse to delete the bucket of the records. False deletes it with all that
            is in it when the trail goes.
    """

    trail: Annotated[bool, YesNo()] = True
    retention_days: Annotated[int, WholeNumber(90, 3650)] = 365
    protect: Annotated[bool, YesNo()] = True
