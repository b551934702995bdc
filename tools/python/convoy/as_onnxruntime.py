"""Runs a program that imports onnxruntime with Convoy in its place.

    python -m convoy.as_onnxruntime program.py arguments…
    python -m convoy.as_onnxruntime -m module arguments…
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from ._install import install_as_onnxruntime


def main() -> None:
    """Runs the program or the module as __main__; its child processes have Convoy too."""
    arguments = sys.argv[1:]
    is_module = bool(arguments) and arguments[0] == "-m"
    if not arguments or arguments[0] in ("-h", "--help") or (is_module and len(arguments) < 2):
        print(__doc__.strip())
        sys.exit(0 if arguments and not is_module else 2)
    # Where `python -m` puts the working folder, `python program.py` puts the program's.
    if is_module:
        sys.argv = arguments[1:]
        sys.path[0] = os.getcwd()
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
    install_as_onnxruntime(children=True)
    if is_module:
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
