"""Writes the model that the programs beside it run, and what it answers to one input.

    python write_model.py FOLDER

Of each signal in x [n, 2, 8] the model gives the sums of neighbours in the first row and their
differences in the second, y [n, 2, 7]: a convolution for each row, as a loop in PyTorch exports
them. FOLDER gets model.onnx and test_data_set_0, which `convoy test FOLDER` compares with.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def model() -> onnx.ModelProto:
    weights = {"sum": [1.0, 1.0], "difference": [-1.0, 1.0]}
    nodes = [helper.make_node("Split", ["x"], ["row_0", "row_1"], axis=1, num_outputs=2)]
    for i, name in enumerate(weights):
        nodes.append(helper.make_node("Conv", [f"row_{i}", name], [f"y_{i}"], kernel_shape=[2]))
    nodes.append(helper.make_node("Concat", ["y_0", "y_1"], ["y"], axis=1))
    graph = helper.make_graph(
        nodes, "neighbours",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 2, 8])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 2, 7])],
        [numpy_helper.from_array(np.array([[value]], "float32"), name)
         for name, value in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def main():
    folder = Path(sys.argv[1])
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    onnx.save(model(), folder / "model.onnx")
    x = np.arange(16, dtype="float32").reshape(1, 2, 8)
    y = np.stack([x[:, 0, :-1] + x[:, 0, 1:], x[:, 1, 1:] - x[:, 1, :-1]], axis=1)
    onnx.save_tensor(numpy_helper.from_array(x, "x"), data / "input_0.pb")
    onnx.save_tensor(numpy_helper.from_array(y, "y"), data / "output_0.pb")


if __name__ == "__main__":
    main()
