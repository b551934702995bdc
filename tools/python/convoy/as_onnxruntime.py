"""Convoy under the name of onnxruntime, for programs that are not to be changed.

    python -m convoy.as_onnxruntime program.py arguments…
    python -m convoy.as_onnxruntime -m module arguments…
"""

from __future__ import annotations

import importlib
import os
import runpy
import site
import sys
from pathlib import Path

from ._process import SHIM

_NAME = "onnxruntime"


def install_as_onnxruntime(*, children: bool = False) -> None:
    """From here on `import onnxruntime` gives Convoy, in this process.

    Its version and its distribution's are those of the onnxruntime whose interface Convoy has. A
    genuine onnxruntime that was imported before stays with the modules that hold it. children: set
    PYTHONPATH so that it holds in child processes of this one too.
    """
    shim = str(SHIM)
    if shim not in sys.path:
        sys.path.insert(0, shim)
    for name in [name for name in sys.modules if name.split(".")[0] == _NAME]:
        del sys.modules[name]
    importlib.invalidate_caches()
    importlib.import_module(_NAME)
    if children:
        _tell_children(shim)


def _tell_children(shim: str) -> None:
    paths = [shim]
    package = str(Path(__file__).parent.parent)
    if package not in site.getsitepackages():
        paths.append(package)
    before = os.environ.get("PYTHONPATH")
    known = before.split(os.pathsep) if before else []
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [path for path in paths if path not in known] + known)


def main() -> None:
    """Runs a program or a module as __main__, with onnxruntime replaced."""
    arguments = sys.argv[1:]
    is_module = bool(arguments) and arguments[0] == "-m"
    if not arguments or arguments[0] in ("-h", "--help") or (is_module and len(arguments) < 2):
        print(__doc__.strip())
        sys.exit(0 if arguments and not is_module else 2)
    install_as_onnxruntime(children=True)
    if is_module:
        sys.argv = arguments[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
