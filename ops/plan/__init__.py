"""What a stack's config leads to, before and after a change of it; see `python -m ops.plan`."""

from .describe import describe

__all__ = ["describe"]
