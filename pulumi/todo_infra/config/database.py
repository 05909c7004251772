"""How big the database is, which the product team owns, and how it is run."""

from dataclasses import dataclass
from typing import Annotated

from todo_infra.sizes import DATABASE_CLASSES

from .rules import RELATIVE_PATH, OneOf, Text, WholeNumber, YesNo

__all__ = ["Database", "DatabaseOperations"]


@dataclass(frozen=True, kw_only=True)
class Database:
    """How big the database is.

    Attributes:
        size: T-shirt size of the instance; see `sizes.DATABASE_CLASSES`. Changing it
            restarts the database in its maintenance window.
        storage_gib: Storage at the start, in GiB. It grows by itself up to four times as
            much, and never shrinks.
    """

    size: Annotated[str, OneOf(tuple(DATABASE_CLASSES))] = "small"
    # gp3 begins at 20 GiB and ends at 64 TiB, which four times the highest value reaches.
    storage_gib: Annotated[int, WholeNumber(20, 16_384)] = 20


@dataclass(frozen=True, kw_only=True)
class DatabaseOperations:
    """How the database is run.

    Attributes:
        multi_az: Keep a standby in a second zone.
        backup_retention_days: Days that point-in-time recovery reaches back.
        deletion_protection: Refuse to delete the instance.
        final_snapshot: Take a snapshot before the instance is deleted.
        managed_master_password: Let RDS make, keep and rotate the master password. False
            has this program make it once and keep it in a secret of its own.
        certificate_authority_file: PEM file, relative to the project's root, of the
            authority that signed the server's certificate. None trusts the bundle of AWS
            authorities in the image.
        engine_version: MySQL version; a long-term support line, with or without its patch.
    """

    multi_az: Annotated[bool, YesNo()] = True
    backup_retention_days: Annotated[int, WholeNumber(1, 35)] = 14
    deletion_protection: Annotated[bool, YesNo()] = True
    final_snapshot: Annotated[bool, YesNo()] = True
    managed_master_password: Annotated[bool, YesNo()] = True
    certificate_authority_file: Annotated[str | None, RELATIVE_PATH] = None
    engine_version: Annotated[
        str, Text(r"(8\.4|9\.7)(\.\d+)?", 'a text such as "8.4" or "8.4.6", of line 8.4 or 9.7')
    ] = "8.4"
