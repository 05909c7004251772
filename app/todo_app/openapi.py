"""The interface's description, as it is served at `/api/openapi.json`; tests keep it true."""

from pathlib import Path
from typing import Final

__all__ = ["DOCUMENT"]

DOCUMENT: Final = (Path(__file__).parent / "openapi.json").read_bytes()
"""OpenAPI 3.1, as JSON."""
