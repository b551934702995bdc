#!/usr/bin/env python3
"""Runs models in ONNX Runtime, without its optimizations, at several sizes of their open axes.

Products of 8-bit integers are left to ONNX's reference evaluator: on machines without VNNI, ONNX
Runtime's sums of two products of uint8 and int8 saturate at 16 bits.

    peer_outputs.py FOLDER MODEL...

Writes FOLDER/NAME_K.npz for every set of sizes that ONNX Runtime takes: arrays `in_NAME`, and
`out_NAME` in the model's order. NAME is that of the model's folder or file.
"""

import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

INTEGER_PRODUCTS = {"MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv"}

NUMPY = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
         "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
         "tensor(uint8)": np.uint8, "tensor(int8)": np.int8}


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds_of(session, batch, extra, seed):
    """The first open axis of the model gets `batch`, the others a size around 20 + `extra`."""
    rng, sizes, feeds = np.random.default_rng(seed), {}, {}
    for value in session.get_inputs():
        shape = []
        for axis, size in enumerate(value.shape):
            if not isinstance(size, int):
                key = size or (value.name, axis)
                size = sizes.setdefault(key, batch if axis == 0 or not sizes else 20 + extra)
            shape.append(size)
        dtype = NUMPY[value.type]
        if np.issubdtype(dtype, np.floating):
            feeds[value.name] = rng.standard_normal(shape).astype(dtype)
        elif dtype == np.bool_:
            feeds[value.name] = rng.random(shape) < 0.8
        else:
            feeds[value.name] = rng.integers(0, 5, shape).astype(dtype)
    return feeds if sizes else None


def main(folder, paths):
    for path in map(Path, paths):
        name = path.parent.name if path.name == "model.onnx" else path.stem
        try:
            session = session_of(path)
            model = onnx.load(path)
            exact = any(node.op_type in INTEGER_PRODUCTS for node in model.graph.node)
            runner = ReferenceEvaluator(model) if exact else session
        except Exception as error:
            print(f"{name}: not loaded: {str(error)[:100]}")
            continue
        outputs = [value.name for value in session.get_outputs()]
        for number, (batch, extra) in enumerate([(1, 0), (2, 0), (3, 12), (5, 12)]):
            try:
                feeds = feeds_of(session, batch, extra, zlib.crc32(name.encode()) + number)
                if feeds is None:
                    break
                results = runner.run(None, feeds)
            except Exception as error:
                print(f"{name} at batch {batch}: {str(error)[:100]}")
                continue
            arrays = {f"in_{key}": array for key, array in feeds.items()}
            arrays |= {f"out_{key}": array for key, array in zip(outputs, results)
                       if isinstance(array, np.ndarray) and array.dtype != object}
            np.savez(Path(folder) / f"{name}_{number}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
