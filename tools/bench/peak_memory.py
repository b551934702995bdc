#!/usr/bin/env python3
"""Peak memory of Convoy, ONNX Runtime and OpenVINO on models, as a table.

  peak_memory.py MODEL.onnx...

MB that the resident memory of a fresh process grows by, at its highest, from after reading the
inputs to after five runs on one thread. Inputs are test_data_set_0 beside the model, where that is,
or zeros with 1 for sizes that are not known. An engine that is not installed gets a dash.
"""

import os
import resource
import subprocess
import sys

from engines import ENGINES, feeds_of, runner


def measure(engine, path):
    feeds = feeds_of(path)
    __import__(engine)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = runner(engine, path, feeds)
    for _ in range(5):
        run()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def megabytes(engine, path):
    command = [sys.executable, __file__, "--measure", engine, path]
    done = subprocess.run(command, capture_output=True, text=True)
    return f"{float(done.stdout.split()[-1]):.0f}" if done.returncode == 0 else "–"


def main():
    arguments = sys.argv[1:]
    if not arguments:
        sys.exit(__doc__.strip())
    if arguments[0] == "--measure":
        return measure(*arguments[1:])
    print("| model | Convoy | ONNX Runtime | OpenVINO |\n| --- | --- | --- | --- |")
    for path in arguments:
        folder, file = os.path.split(os.path.abspath(path))
        name = os.path.basename(folder) if file == "model.onnx" else os.path.splitext(file)[0]
        print(f"| {name} | " + " | ".join(megabytes(engine, path) for engine in ENGINES) + " |")


if __name__ == "__main__":
    main()
