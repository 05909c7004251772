"""Draws docs/architecture.svg anew, from what the program registers."""

import sys
import tempfile
from pathlib import Path

from tests.infra.recorder import PROJECT_ROOT
from tests.picture.draw import draw
from tests.picture.graph import read_architecture
from tests.picture.layout import PART_OF

PICTURE = PROJECT_ROOT / "docs" / "architecture.svg"

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        PICTURE.write_text(draw(read_architecture(Path(scratch), PART_OF)))
    sys.stdout.write(f"{PICTURE.relative_to(PROJECT_ROOT)} is drawn\n")
