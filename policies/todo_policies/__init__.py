"""The rules that every preview and update of the TODO stacks has to keep."""

from todo_policies.client_tls import DATABASE_CLIENT_VERIFIES_TLS
from todo_policies.credentials import NO_PLAINTEXT_CREDENTIALS
from todo_policies.database_exposure import DATABASE_NOT_PUBLIC, DATABASE_PORT_NOT_PUBLIC
from todo_policies.database_tls import DATABASE_TLS_REQUIRED
from todo_policies.rule import Rule
from todo_policies.storage_encryption import STORAGE_ENCRYPTION
from todo_policies.waiver_report import WAIVERS

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    DATABASE_TLS_REQUIRED,
    DATABASE_CLIENT_VERIFIES_TLS,
    DATABASE_NOT_PUBLIC,
    DATABASE_PORT_NOT_PUBLIC,
    NO_PLAINTEXT_CREDENTIALS,
    STORAGE_ENCRYPTION,
    WAIVERS,  # stays the last: it reports what became of the waivers of all others
)
"""The whole pack, in the order of its README."""
