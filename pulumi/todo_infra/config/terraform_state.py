"""Where the state of the existing infrastructure is."""

from dataclasses import dataclass
from typing import Annotated

from .rules import RELATIVE_PATH, OneOf

__all__ = ["TerraformState"]


@dataclass(frozen=True, kw_only=True)
class TerraformState:
    """Where the state of the existing infrastructure is.

    Attributes:
        backend: The kind of Terraform backend.
        path: The state file, relative to the project's root.
    """

    backend: Annotated[str, OneOf(("local",))] = "local"
    path: Annotated[str, RELATIVE_PATH] = "terraform/terraform.tfstate"
