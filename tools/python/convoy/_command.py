"""The console script `convoy` of an installed package."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes the command line that lies in the package."""
    program = Path(__file__).with_name("bin") / "convoy"
    try:
        os.execv(program, ["convoy", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"convoy: {program} does not start: {error.strerror}")
