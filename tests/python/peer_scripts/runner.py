"""python runner.py onnxruntime|convoy FOLDER: every case's result as JSON, by name.

Each case has a process of its own, so that one that crashes leaves the others alone.
"""

import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import bindings  # noqa: F401
import errors  # noqa: F401
import feeds  # noqa: F401
import module_functions  # noqa: F401
import native_calls  # noqa: F401
import options  # noqa: F401
import private_names  # noqa: F401
import profiles  # noqa: F401
import runs  # noqa: F401
import sessions  # noqa: F401
import values  # noqa: F401
import weight_blocks  # noqa: F401
from cases import CASES, plain


def run_case(module_name, function, folder):
    """What one case returns, from a child process."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        work = tempfile.mkdtemp()
        os.chdir(work)
        try:
            result = {"returned": plain(function(importlib.import_module(module_name), folder))}
        except BaseException:  # noqa: BLE001, reported as the result
            result = {"failed": traceback.format_exc()}
        shutil.rmtree(work, ignore_errors=True)
        with os.fdopen(sink, "w") as file:
            json.dump(result, file)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else {"failed": f"the process ended with status {status}"}


def main():
    module_name, folder = sys.argv[1], Path(sys.argv[2])
    warnings.simplefilter("ignore")
    importlib.import_module(module_name)
    results = {name: run_case(module_name, function, folder) for name, function in CASES.items()}
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main()
