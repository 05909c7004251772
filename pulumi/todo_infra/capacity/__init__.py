"""From the traffic that the product team expects to a plan; pure, and with its reasons.

`plan_capacity` is all that others call: the program, `ops.plan`, `ops.report`, the simulator.
"""

from .connections import ConnectionBudget
from .cost import ASSUMPTIONS, CostPart, MonthlyCost, task_hour_usd, unit_hour_usd
from .plan import CapacityPlan, plan_capacity
from .schedule import FloorChange, Reservation
from .sizing import HEADROOM_PERCENT, ZONES

__all__ = [
    "ASSUMPTIONS",
    "HEADROOM_PERCENT",
    "ZONES",
    "CapacityPlan",
    "ConnectionBudget",
    "CostPart",
    "FloorChange",
    "MonthlyCost",
    "Reservation",
    "plan_capacity",
    "task_hour_usd",
    "unit_hour_usd",
]
