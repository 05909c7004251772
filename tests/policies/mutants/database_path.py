"""Which mutants are on the way between an application and its data."""

import re
from collections.abc import Callable

from tests.policies.mutants.generate import Mutant
from tests.policies.mutants.stack import Key, Stack

__all__ = ["on_database_path"]

_OF_DATABASES = ("aws:rds/", "aws:secretsmanager/", "aws:serverlessrepository/")
_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_SHARED = {_GROUP, "aws:kms/key:Key"}
_RULES = ("aws:vpc/securityGroup", "aws:ec2/securityGroupRule")
_IN_CONTAINERS = re.compile(
    r"containerDefinitions\.\w+(\.environment\.DATABASE_|\.secrets| secret |\.environment with )"
)


def on_database_path(stack: Stack) -> Callable[[Mutant], bool]:
    """Return whether a mutant of the stack is on the database's path.

    On it are the databases, proxies, secrets and the function that rotates one; their groups,
    those groups' rules and their keys; and what tells a container of a database.
    """
    path: set[Key] = set()
    for one in stack.values():
        if one.type.startswith(_OF_DATABASES):
            path.add(one.key)
            path.update(key for keys in one.sources.values() for key in keys if key[0] in _SHARED)

    def is_on_it(mutant: Mutant) -> bool:
        if mutant.resource in path or mutant.resource[0].startswith(_OF_DATABASES):
            return True
        if mutant.resource[0].startswith(_RULES):
            versions = (stack.get(mutant.resource), mutant.change.resources.get(mutant.resource))
            keys = {key for one in versions if one for keys in one.sources.values() for key in keys}
            return not path.isdisjoint(key for key in keys if key[0] == _GROUP)
        return _IN_CONTAINERS.search(f"{mutant.place} {mutant.operator}") is not None

    return is_on_it
