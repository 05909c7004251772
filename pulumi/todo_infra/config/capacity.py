"""How much traffic the service is there for. Owned by the product team."""

from dataclasses import dataclass
from typing import Annotated

from todo_infra.sizes import TASK_SIZES

from .rules import OneOf, WholeNumber

__all__ = ["Capacity"]


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much traffic the service is there for.

    Attributes:
        task_size: T-shirt size of one task; see `sizes.TASK_SIZES`.
        min_tasks: Tasks that always run. Two survive the loss of a zone.
        max_tasks: Tasks that autoscaling may start.
        requests_per_task_per_second: The load of one task that autoscaling aims at.
    """

    task_size: Annotated[str, OneOf(tuple(TASK_SIZES))] = "small"
    min_tasks: Annotated[int, WholeNumber(1, 1000)] = 2
    max_tasks: Annotated[int, WholeNumber(1, 1000)] = 10
    requests_per_task_per_second: Annotated[int, WholeNumber(1, 100_000)] = 100
