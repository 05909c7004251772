"""Order between resources that no value of theirs would give."""

import pulumi

__all__ = ["known_after"]


def known_after(value: pulumi.Output[str], *resources: pulumi.CustomResource) -> pulumi.Output[str]:
    """Return the value, known once the resources exist, so that its users wait for them."""
    return pulumi.Output.all(value, *(resource.id for resource in resources)).apply(
        lambda known: str(known[0])
    )
