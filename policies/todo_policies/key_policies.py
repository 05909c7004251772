"""Who may use an encryption key, and by which way.

A key policy is the lock on the database, its backups and its secrets, and IAM cannot narrow it.
"""

from collections.abc import Iterator, Mapping

from pulumi_policy import Severity

from todo_policies.policy_documents import Statement, statements
from todo_policies.reading import is_set
from todo_policies.resource_types import KEY, KEY_POLICY
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = ["KEY_USED_THROUGH_SERVICES", "RULES"]

_USES = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_GRANT = "kms:CreateGrant"
_CALLER, _VIA, _CONTEXT = "kms:calleraccount", "kms:viaservice", "kms:encryptioncontext:"
_FOR_SERVICES_ONLY = "kms:grantisforawsresource"
_TRAIL_CONTEXT = "kms:encryptioncontext:aws:cloudtrail:arn"
# What AWS's own guides ask of a service that uses a key for one purpose; of all others, for whom.
_OF_SERVICE: Mapping[str, frozenset[str]] = {
    "cloudtrail": frozenset({"aws:sourcearn", _TRAIL_CONTEXT}),
    "logs": frozenset({"kms:encryptioncontext:aws:logs:arn"}),
}


def _ways_round(key: Subject) -> Iterator[str]:
    if not is_set(key.props, "policy"):
        return  # policy-names-its-principals says so
    for statement in statements(key.props.get("policy")):
        if statement.allows:
            for problem in _problems(statement):
                yield f"statement {statement.name} {problem}"


def _problems(statement: Statement) -> Iterator[str]:
    uses = statement.about(*_USES)
    conditions = set(statement.conditions)
    if statement.is_for_everybody():
        yield "names no one in particular."
    if statement.everything_but:
        yield "allows everything but what it names, which nothing vouches for."
    if statement.principals.keys() - {"Service"}:
        by_context = any(one.startswith(_CONTEXT) for one in conditions | statement.contexts)
        if uses and not (_CALLER in conditions and (_VIA in conditions or by_context)):
            yield f"lets the key be used ({uses[0]}) otherwise than through a service."
        if statement.about(_GRANT) and not {_CALLER, _VIA, _FOR_SERVICES_ONLY} <= conditions:
            yield "lets anybody be granted the key's use, and not services alone."
    for service in statement.principals.get("Service", ()):
        needed = _OF_SERVICE.get(service.partition(".")[0])
        missing = sorted((needed or set()) - conditions) if uses else []
        if missing:
            yield f"lets {service} use the key without {' and '.join(missing)} in Condition."


KEY_USED_THROUGH_SERVICES = ResourceRule(
    name="key-used-through-services",
    severity=Severity.CRITICAL,
    why="Nobody decrypts with a key directly: people and roles use it through the services that "
    "keep what it encrypts, and each service for its own purpose.",
    fix="Name principals, and add kms:CallerAccount with kms:ViaService (for grants "
    "kms:GrantIsForAWSResource too), or the service's encryption context, to Condition.",
    controls=("KMS.1", "KMS.2"),
    waivable=False,
    resource_types=frozenset({KEY, KEY_POLICY}),
    check=_ways_round,
    deferred_input="policy",
)

RULES: tuple[Rule, ...] = (KEY_USED_THROUGH_SERVICES,)
