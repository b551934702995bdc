"""Convoy under the name of onnxruntime, for programs that are not to be changed."""

from __future__ import annotations

import importlib
import os
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
    sys.path[:] = [shim, *(path for path in sys.path if path != shim)]
    for name in [name for name in sys.modules if name.split(".")[0] == _NAME]:
        del sys.modules[name]
    importlib.invalidate_caches()
    importlib.import_module(_NAME)
    # Programs take the first entry for the folder of their own.
    sys.path[:2] = sys.path[1::-1]
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
