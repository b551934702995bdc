"""Graphs for onnxruntime.quantization, grown by a node at a time."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class GrowingNetwork:
    """A graph of one input, x, of float32; its output is the last value unless others are named.
    A size given as text is open. Weights are drawn from a numpy.random.Generator."""

    def __init__(self, numbers, shape, opset=17):
        self.numbers, self.shape, self.opset = numbers, list(shape), opset
        self.nodes, self.weights, self.last = [], [], "x"

    def weight(self, *shape, size=None):
        scale = size if size is not None else 1 / np.sqrt(np.prod(shape[1:]) or 1)
        return self.constant((self.numbers.standard_normal(shape) * scale).astype(np.float32))

    def constant(self, array):
        self.weights.append(numpy_helper.from_array(np.asarray(array), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def add(self, op, *inputs, outputs=1, **attributes):
        """Applies op to the last value, or to `inputs`; a leading "" stands for the last value."""
        inputs = [self.last if name == "" and i == 0 else name
                  for i, name in enumerate(inputs or ("",))]
        names = [f"{op.lower()}{len(self.nodes)}_{j}" for j in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=names[0], **attributes))
        self.last = names[0]
        return self.last

    def model(self, outputs=None):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                   for name in outputs or [self.last]]
        graph = helper.make_graph(self.nodes, "network", [x], results, self.weights)
        model = helper.make_model(graph, ir_version=8,
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        return onnx.shape_inference.infer_shapes(model)


def calibration(arrays):
    """What onnxruntime.quantization reads inputs x from."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter([{"x": x} for x in arrays])

        def get_next(self):
            return next(self.left, None)

    return Reader()
