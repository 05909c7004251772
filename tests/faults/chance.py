"""Every random choice of the scenarios, from one seed, which the result names."""

from __future__ import annotations

import random
import secrets

__all__ = ["by_chance", "seed", "use_seed"]

_SEEDS = [secrets.randbelow(1_000_000_000)]


def use_seed(number: int) -> None:
    """Make the choices of an earlier run again; the machine's own timing stays its own."""
    _SEEDS[:] = [number]


def seed() -> int:
    """The seed of this run."""
    return _SEEDS[0]


def by_chance(purpose: str) -> random.Random:
    """Begin a series of choices; its purpose names it, and no other series changes it."""
    return random.Random(f"{seed()} {purpose}")  # noqa: S311 - which fault comes, and when
