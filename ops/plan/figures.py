"""The figures that people compare, as rows of a table."""

from collections.abc import Callable

from todo_infra.capacity import CapacityPlan, MonthlyCost

__all__ = ["FIGURES", "rows"]

FIGURES: dict[str, Callable[[CapacityPlan], str]] = {
    "traffic: busy hour": lambda plan: f"{plan.expected_requests_per_second} req/s",
    "traffic: peak": lambda plan: f"{plan.peak_requests_per_second} req/s",
    "tasks at least": lambda plan: f"{plan.floor_tasks} {plan.task_size}",
    "tasks at most": lambda plan: f"{plan.max_tasks} {plan.task_size}",
    "served by all of them": lambda plan: f"{plan.most_requests_per_second} req/s",
    "served with a zone lost": lambda plan: f"{plan.most_without_a_zone} req/s",
    "above the peak, with a zone lost": lambda plan: f"{plan.headroom_percent} %",
    "database": lambda plan: (
        plan.database_class + (f" and {plan.read_replicas} replicas" if plan.read_replicas else "")
    ),
    "its connections": lambda plan: f"{plan.connections.most} of {plan.connections.usable}",
    "a month, expected": lambda plan: _usd(plan.cost),
    "a month, at the ceiling": lambda plan: _usd(plan.ceiling_cost),
}


def _usd(cost: MonthlyCost | None) -> str:
    return f"{cost.usd:,.0f} USD" if cost else "not known"


def rows(before: CapacityPlan, after: CapacityPlan) -> list[tuple[str, str, str]]:
    """Return name, before and after of every figure."""
    return [(name, figure(before), figure(after)) for name, figure in FIGURES.items()]
