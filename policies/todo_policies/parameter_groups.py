"""Which parameter group a database is really attached to.

The settings of a server are not on the instance but in the group it names: by name or, while the
name is unknown, through the stack's graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from todo_policies.reading import known
from todo_policies.resource_types import (
    CLUSTER,
    CLUSTER_INSTANCE,
    CLUSTER_PARAMETER_GROUP,
    INSTANCE,
    PARAMETER_GROUP,
)

__all__ = ["ATTACHMENTS", "OVERRIDES", "Attachment", "Parameter", "attached_groups", "unattached"]


@dataclass(frozen=True)
class Attachment:
    """The property by which a database names a group, and that group's type."""

    property: str
    group_type: str


ATTACHMENTS = {
    INSTANCE: Attachment("parameterGroupName", PARAMETER_GROUP),
    CLUSTER: Attachment("dbClusterParameterGroupName", CLUSTER_PARAMETER_GROUP),
}
"""Where the setting has to be."""

OVERRIDES = {
    CLUSTER: Attachment("dbInstanceParameterGroupName", PARAMETER_GROUP),
    CLUSTER_INSTANCE: Attachment("dbParameterGroupName", PARAMETER_GROUP),
}
"""Where a member of a cluster could contradict it; such a group may be left out."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a group."""

    value: str
    apply_method: str

    @classmethod
    def named(cls, group: PolicyResource, name: str) -> list["Parameter"]:
        """Return every setting of a parameter; the name is compared as AWS does, exactly.

        Raises:
            UnknownValueError: if a name or a value in the group is unknown.
        """
        return [
            cls(
                value=str(one.get("value")), apply_method=str(one.get("applyMethod") or "immediate")
            )
            for one in group.props.get("parameters") or ()
            if one.get("name") == name
        ]


def attached_groups(
    database: PolicyResource, attachment: Attachment, stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    """The group a database names; while the name is unknown, every group it is made from."""
    return [
        group for group in _named_groups(database, attachment, stack) if _in_place(group, database)
    ]


def unattached(
    database: PolicyResource, attachment: Attachment, stack: Sequence[PolicyResource]
) -> str:
    """Say why a database has no group that the stack vouches for."""
    try:
        name = database.props.get(attachment.property)
    except UnknownValueError:
        name = ""
    if _named_groups(database, attachment, stack):
        return "its parameter group is of another region or provider, so it is not the one in use."
    if name == "":
        return f"{attachment.property} comes from no parameter group of this stack, if it is set."
    if name is None:
        return f"{attachment.property} is not set, so the engine's default group applies."
    if str(name).startswith("default."):
        return f"its parameter group {name} is an AWS default, which nobody can change."
    return f"its parameter group {name} is not in this stack, so nothing vouches for it."


def _named_groups(
    database: PolicyResource, attachment: Attachment, stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    try:
        name = database.props.get(attachment.property)
    except UnknownValueError:
        sources = database.property_dependencies.get(attachment.property, [])
        return [source for source in sources if source.resource_type == attachment.group_type]
    return [
        resource
        for resource in stack
        if resource.resource_type == attachment.group_type
        and name is not None
        and known(resource.props, "name") == name
    ]


def _in_place(group: PolicyResource, database: PolicyResource) -> bool:
    """Whether a group of that name can be the one: of the same provider, in the same region."""
    providers = [one.provider.urn if one.provider else None for one in (group, database)]
    if providers[0] != providers[1]:
        return False
    regions = {_region(one) for one in (group, database)}
    return len(regions - {"?"}) <= 1


def _region(resource: PolicyResource) -> str | None:
    """The region it is in; ? while only the environment decides."""
    try:
        own = resource.props.get("region")
    except UnknownValueError:
        own = "?"
    if own in (None, "?") and resource.provider is not None:
        return known(resource.provider.props, "region") or "?"
    return own
