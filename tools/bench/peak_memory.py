#!/usr/bin/env python3
"""Peak memory of Convoy, ONNX Runtime and OpenVINO on models, as a table.

  peak_memory.py MODEL.onnx...

MB that the resident memory of a fresh process grows by, at its highest, from after reading the
inputs to after five runs on one thread. Inputs are test_data_set_0 beside the model, where that is,
or zeros with 1 for sizes that are not known. An engine that is not installed gets a dash.
"""

import glob
import os
import resource
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

ENGINES = ("convoy", "onnxruntime", "openvino")


def feeds_of(path):
    graph = onnx.load(path, load_external_data=False).graph
    known = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in known]
    files = sorted(glob.glob(os.path.join(os.path.dirname(path), "test_data_set_0", "input_*.pb")))
    if files:
        tensors = [onnx.TensorProto.FromString(open(file, "rb").read()) for file in files]
        return {value.name: numpy_helper.to_array(tensor)
                for value, tensor in zip(inputs, tensors)}
    feeds = {}
    for value in inputs:
        tensor = value.type.tensor_type
        sizes = [dim.dim_value or 1 for dim in tensor.shape.dim]
        feeds[value.name] = np.zeros(sizes, helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return feeds


def runner(engine, path, feeds):
    if engine == "convoy":
        import convoy

        session = convoy.InferenceSession(path, threads=1)
    elif engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options)
    else:
        import openvino

        model = openvino.Core().read_model(path)
        model.reshape({name: list(array.shape) for name, array in feeds.items()})
        compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})
        return lambda: compiled(feeds)
    return lambda: session.run(None, feeds)


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
