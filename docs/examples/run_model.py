"""Runs the model named on the command line, with options, optimized, and with arrays of our own.

Prints, for the model of write_model.py:
    input x: tensor(float) ['n', 2, 8]
    y (1, 2, 7): [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0]
    4 nodes before, 1 after
    the optimized model answers the same: True
    run 0, last sum: 13.0
    run 1, last sum: 14.0
    run 2, last sum: 15.0
    the model has no input 'z'; its inputs are 'x'
"""

import sys

import numpy as np
import onnx

import convoy


def run_once(session, x):
    for value in session.get_inputs():
        print(f"input {value.name}: {value.type} {value.shape}")
    [y] = session.run(None, {"x": x})  # None: all outputs
    print(f"y {y.shape}: {y[0, 0].tolist()}")
    return y


def run_bound(session, x):
    """Each run reads x and writes y where they lie, and allocates nothing."""
    y = np.empty((1, 2, 7), "float32")
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", y)
    for run in range(3):
        session.run_with_iobinding(binding)
        print(f"run {run}, last sum: {y[0, 0, 6]}")
        x[0, 0, 7] += 1


def optimize(path, x, y):
    """What convoy.optimize gives is standard ONNX: any runtime loads it."""
    better, _ = convoy.optimize(path)
    before, after = onnx.load(path).graph.node, onnx.load_from_string(better).graph.node
    print(f"{len(before)} nodes before, {len(after)} after")
    [again] = convoy.InferenceSession(better).run(None, {"x": x})
    print(f"the optimized model answers the same: {np.allclose(y, again)}")


def main():
    path = sys.argv[1]
    options = convoy.SessionOptions()
    options.intra_op_num_threads = 1  # of each run; 0 takes what the process may use
    session = convoy.InferenceSession(path, options)
    x = np.arange(16, dtype="float32").reshape(1, 2, 8)
    y = run_once(session, x)
    optimize(path, x, y)
    run_bound(session, x)
    try:
        session.run(None, {"z": x})
    except convoy.InvalidInput as error:  # names what is wrong in one line
        print(error)


if __name__ == "__main__":
    main()
