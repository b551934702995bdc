#!/usr/bin/env python3
"""Compares test cases with ONNX Runtime, run without its optimizations.

    against_onnxruntime.py FOLDER

FOLDER holds what `graph_fuzz --write FOLDER` wrote: graph_K/model.onnx with data sets. Prints each
case that differs by more than 1e-4 (float16: 2e-2) of the output's largest element, then a count.
Exits 1 if one differs.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def tensor_of(path):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(tensor)


def numbered(folder, stem):
    count = len(list(folder.glob(f"{stem}_*")))
    return [tensor_of(folder / f"{stem}_{i}.pb") for i in range(count)]


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def difference(actual, expected):
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return f"{actual.dtype}{actual.shape}, expected {expected.dtype}{expected.shape}"
    half = expected.dtype == np.float16
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), finite):
        return "infinite elsewhere"
    largest = max(0.5 if half else 1e-2, np.max(np.abs(b[finite]), initial=0))
    off = np.max(np.abs(a[finite] - b[finite]), initial=0)
    if off > (2e-2 if half else 1e-4) * largest:
        return f"differs by {off:.3g} of {largest:.3g}"
    return None


def main(folder):
    failed = refused = compared = 0
    for case in sorted(Path(folder).glob("graph_*"), key=lambda path: int(path.name[6:])):
        try:
            session = session_of(case / "model.onnx")
        except Exception as error:  # what the peer lacks, it lacks
            refused += 1
            print(f"{case.name}: not loaded by ONNX Runtime: {str(error)[:150]}")
            continue
        names = [value.name for value in session.get_inputs()]
        for data in sorted(case.glob("test_data_set_*")):
            outputs = session.run(None, dict(zip(names, numbered(data, "input"))))
            problems = [difference(*pair) for pair in zip(numbered(data, "output"), outputs)]
            compared += 1
            if any(problems):
                failed += 1
                print(f"FAILED {case.name} {data.name}: {problems}")
    print(f"{compared} data sets, {failed} differ, {refused} models not loaded by ONNX Runtime")
    return 1 if failed or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
