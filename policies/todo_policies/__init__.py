"""The rules that every preview and update of the TODO stacks has to keep."""

from todo_policies import (
    buckets,
    compute,
    container_limits,
    database_engine,
    endpoints,
    exec_sessions,
    firewall,
    group_members,
    guard_rails,
    identity,
    images,
    judged_types,
    key_policies,
    keys_and_secrets,
    load_balancer,
    log_destinations,
    logs_and_trail,
    network,
    own_account,
    rotation,
    stack_references,
    tags,
    target_groups,
    traffic_agreement,
)
from todo_policies.client_tls import DATABASE_CLIENT_VERIFIES_TLS
from todo_policies.credentials import NO_PLAINTEXT_CREDENTIALS
from todo_policies.database_accounts import DATABASE_CREDENTIALS_MANAGED, DATABASE_MASTER_ACCOUNT
from todo_policies.database_certificates import DATABASE_CA_CURRENT
from todo_policies.database_exposure import (
    DATABASE_NOT_PUBLIC,
    DATABASE_PORT_NOT_PUBLIC,
    DATABASE_PRIVATE_SUBNETS,
)
from todo_policies.database_operation import (
    DATABASE_ADMIN_NAME,
    DATABASE_IAM_AUTHENTICATION,
    DATABASE_LOGS,
    DATABASE_MONITORING,
    DATABASE_UPGRADES,
)
from todo_policies.database_recovery import (
    DATABASE_BACKUPS,
    DATABASE_DELETION_PROTECTION,
    DATABASE_MULTI_AZ,
    DATABASE_SNAPSHOT_TAGS,
)
from todo_policies.database_storage import DATABASE_SNAPSHOTS_PRIVATE, STORAGE_ENCRYPTION
from todo_policies.database_tls import DATABASE_TLS_REQUIRED, DATABASE_TLS_VERSION
from todo_policies.reachability import DATABASE_REACHABILITY
from todo_policies.rule import Rule
from todo_policies.waiver_report import WAIVERS

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    # The way to the database
    DATABASE_TLS_REQUIRED,
    DATABASE_TLS_VERSION,
    DATABASE_CLIENT_VERIFIES_TLS,
    DATABASE_CA_CURRENT,
    DATABASE_NOT_PUBLIC,
    DATABASE_PORT_NOT_PUBLIC,
    DATABASE_PRIVATE_SUBNETS,
    DATABASE_REACHABILITY,
    DATABASE_CREDENTIALS_MANAGED,
    DATABASE_MASTER_ACCOUNT,
    NO_PLAINTEXT_CREDENTIALS,
    *judged_types.RULES,
    *traffic_agreement.RULES,
    *stack_references.RULES,
    *rotation.RULES,
    *key_policies.RULES,
    *own_account.RULES,
    # The database itself
    *database_engine.RULES,
    STORAGE_ENCRYPTION,
    DATABASE_SNAPSHOTS_PRIVATE,
    DATABASE_DELETION_PROTECTION,
    DATABASE_BACKUPS,
    DATABASE_SNAPSHOT_TAGS,
    DATABASE_MULTI_AZ,
    DATABASE_ADMIN_NAME,
    DATABASE_IAM_AUTHENTICATION,
    DATABASE_UPGRADES,
    DATABASE_LOGS,
    DATABASE_MONITORING,
    # What stands around it
    *load_balancer.RULES,
    *target_groups.RULES,
    *firewall.RULES,
    *buckets.RULES,
    *compute.RULES,
    *exec_sessions.RULES,
    *container_limits.RULES,
    *images.RULES,
    *identity.RULES,
    *keys_and_secrets.RULES,
    *logs_and_trail.RULES,
    *log_destinations.RULES,
    *network.RULES,
    *group_members.RULES,
    *endpoints.RULES,
    *tags.RULES,
    *guard_rails.RULES,
    WAIVERS,  # stays the last: it reports what became of the waivers of all others
)
"""The whole pack, in the order of its README."""
