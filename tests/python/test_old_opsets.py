"""Models of opset 1 to 5: every operator whose form changed since, against ONNX's reference
implementation of the form that it has in opset 17, or NumPy."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import convoy

rng = np.random.default_rng(0)


def floats(*shape):
    return rng.standard_normal(shape).astype("f4")


X = floats(2, 3, 4, 5)
ROWS = floats(3, 4)
CHANNELS = floats(3)
POSITIVE = np.abs(floats(3)) + 0.5
TRUTHS = rng.integers(0, 2, (2, 3, 4)).astype(bool)
SIGNAL = floats(5, 2, 3)


def along_axis_1(values, rank=4):
    return values.reshape([1, len(values)] + [1] * (rank - 2))


def numpy(result):
    return lambda *_: [np.asarray(result)]


def now(op_type, *inputs, outputs=1, **attributes):
    """What the operator of opset 17 makes of these arrays."""
    def expected(*_):
        names = [f"i{k}" if array is not None else "" for k, array in enumerate(inputs)]
        wanted = [f"o{k}" for k in range(outputs)]
        arrays = {n: a for n, a in zip(names, inputs) if n}
        model = model_of(17, helper.make_node(op_type, names, wanted, **attributes), arrays, wanted)
        return ReferenceEvaluator(model).run(None, arrays)
    return expected


def model_of(opset, node, arrays, outputs, constants=()):
    graph = helper.make_graph(
        [node], "old",
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
         for n, a in arrays.items() if n not in constants],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs],
        [numpy_helper.from_array(arrays[n], n) for n in constants])
    for output in graph.output:
        output.ClearField("type")
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)


WEIGHTS = {"RNN": floats(1, 4, 3), "GRU": floats(1, 12, 3), "LSTM": floats(1, 16, 3)}
RECURRENCES = {"RNN": floats(1, 4, 4), "GRU": floats(1, 12, 4), "LSTM": floats(1, 16, 4)}

# (opset, operator, inputs, attributes, expected[, numbers of inputs that are initializers])
CASES = [
    *[(opset, name, [x], {"consumed_inputs": [0]}, now(name, x))
      for opset in (1, 5)
      for name, x in [("Abs", X), ("Neg", X), ("Exp", X), ("Log", np.abs(X)), ("Sqrt", np.abs(X)),
                      ("Sigmoid", X), ("Tanh", X), ("Reciprocal", X), ("Floor", X), ("Ceil", X),
                      ("Relu", X), ("Elu", X), ("LeakyRelu", X), ("HardSigmoid", X)]],
    (1, "Selu", [X], {}, now("Selu", X, alpha=1.6732, gamma=1.0507)),
    (1, "Clip", [X], {"min": -0.5, "max": 0.25}, numpy(np.clip(X, -0.5, 0.25))),
    (1, "Clip", [X], {"max": 0.25, "consumed_inputs": [0]}, numpy(np.minimum(X, np.float32(0.25)))),
    *[(opset, name, [X, CHANNELS], {"broadcast": 1, "axis": 1, "consumed_inputs": [0, 0]},
       numpy(call(X, along_axis_1(CHANNELS))))
      for opset in (1, 3)
      for name, call in [("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply),
                         ("Div", np.divide)]],
    (1, "Add", [X, X[0, 0, 0]], {"broadcast": 1}, numpy(X + X[0, 0, 0])),
    (1, "Mul", [X, floats(3, 4)], {"broadcast": 1, "axis": 1}, None),
    (1, "Add", [X, X], {}, numpy(X + X)),
    (1, "Pow", [np.abs(X), CHANNELS], {"broadcast": 1, "axis": 1},
     numpy(np.abs(X) ** along_axis_1(CHANNELS))),
    *[(1, name, [X, CHANNELS], {"broadcast": 1, "axis": 1},
       numpy(call(X, along_axis_1(CHANNELS))))
      for name, call in [("Greater", np.greater), ("Less", np.less)]],
    *[(1, name, [TRUTHS, TRUTHS[0, :, 0]], {"broadcast": 1, "axis": 1},
       numpy(call(TRUTHS, along_axis_1(TRUTHS[0, :, 0], 3))))
      for name, call in [("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor),
                         ("Equal", np.equal)]],
    *[(1, name, [X, X * 2, -X], {"consumed_inputs": [0, 0, 0]}, now(name, X, X * 2, -X))
      for name in ("Max", "Min", "Sum", "Mean")],
    (1, "Cast", [X], {"to": "INT32"}, numpy(X.astype("i4"))),
    (5, "Cast", [X], {"to": "DOUBLE"}, numpy(X.astype("f8"))),
    (1, "Concat", [X, X], {}, numpy(np.concatenate([X, X], 1))),
    (3, "Concat", [X, X], {"axis": 2}, numpy(np.concatenate([X, X], 2))),
    (1, "Pad", [ROWS], {"paddings": [1, 0, 2, 3], "value": 1.5},
     numpy(np.pad(ROWS, [(1, 2), (0, 3)], constant_values=1.5))),
    (1, "Pad", [ROWS], {"paddings": [1, 0, 1, 2], "mode": "reflect"},
     numpy(np.pad(ROWS, [(1, 1), (0, 2)], mode="reflect"))),
    (2, "Pad", [ROWS], {"pads": [1, 0, 2, 3], "mode": "edge"},
     numpy(np.pad(ROWS, [(1, 2), (0, 3)], mode="edge"))),
    (1, "Reshape", [X], {"shape": [0, -1, 2], "consumed_inputs": [0]}, numpy(X.reshape(2, -1, 2))),
    (5, "Reshape", [X, np.array([6, -1])], {}, numpy(X.reshape(6, -1))),
    (1, "Split", [X], {"axis": 2, "split": [1, 3]}, lambda *_: [X[:, :, :1], X[:, :, 1:]]),
    (1, "Split", [X], {"axis": 3, "split": [2, 3]}, lambda *_: [X[..., :2], X[..., 2:]]),
    (1, "Split", [X, np.array([1, 2], "f4")], {"axis": 1}, lambda *_: [X[:, :1], X[:, 1:]], [1]),
    (2, "Split", [X], {"axis": 2}, lambda *_: [X[:, :, :2], X[:, :, 2:]]),
    (1, "Tile", [ROWS, np.array([3], "f4"), np.array([1], "f4")], {}, numpy(np.tile(ROWS, [1, 3])),
     [1, 2]),
    (5, "Tile", [X, np.array(2, "f4"), np.array(0, "f4")], {}, numpy(np.tile(X, [2, 1, 1, 1])),
     [1, 2]),
    (1, "LpPool", [X], {"p": 3.0, "kernel_shape": [2, 2]},
     now("LpPool", X, p=3, kernel_shape=[2, 2])),
    (1, "GlobalLpPool", [X], {"p": 1.0}, numpy(np.abs(X).sum((2, 3), keepdims=True))),
    (2, "GlobalLpPool", [X], {}, numpy(np.sqrt((X * X).sum((2, 3), keepdims=True)))),
    (1, "Upsample", [X], {"width_scale": 2.0, "height_scale": 3.0},
     numpy(X.repeat(3, 2).repeat(2, 3))),
    (1, "BatchNormalization", [X, CHANNELS, CHANNELS, CHANNELS, POSITIVE],
     {"is_test": 1, "consumed_inputs": [0, 0, 0, 1, 1], "epsilon": 1e-3},
     now("BatchNormalization", X, CHANNELS, CHANNELS, CHANNELS, POSITIVE, epsilon=1e-3)),
    (1, "InstanceNormalization", [X, CHANNELS, POSITIVE], {"consumed_inputs": [0, 0, 0]},
     now("InstanceNormalization", X, CHANNELS, POSITIVE)),
    (1, "Dropout", [X], {"is_test": 1, "ratio": 0.7, "consumed_inputs": [0]}, numpy(X)),
    (1, "Dropout", [X], {"ratio": 0.7}, numpy(X)),
    (1, "PRelu", [X, CHANNELS], {}, numpy(np.where(X < 0, X * along_axis_1(CHANNELS), X))),
    (1, "PRelu", [X, CHANNELS[:1]], {"consumed_inputs": [0, 0]},
     numpy(np.where(X < 0, X * CHANNELS[0], X))),
    (1, "Gemm", [ROWS, floats(4, 2), floats(2)], {"broadcast": 1, "alpha": 0.5, "beta": 2.0}, None),
    (1, "Gemm", [ROWS, floats(2, 4), floats(3, 2)], {"transB": 1}, None),
    (1, "Slice", [X], {"axes": [1, 3], "starts": [1, -3], "ends": [9, -1]},
     numpy(X[:, 1:, :, -3:-1])),
    (1, "Squeeze", [X[:1]], {"axes": [0]}, numpy(X[0])),
    (1, "Unsqueeze", [X], {"axes": [0, 2]}, numpy(X[None, :, None])),
    (1, "ReduceSum", [X], {"axes": [1, -1], "keepdims": 0}, numpy(X.sum((1, 3)))),
    (1, "ReduceMean", [X], {"axes": [2]}, numpy(X.mean(2, keepdims=True))),
    (1, "TopK", [ROWS], {"k": 2}, now("TopK", ROWS, np.array([2]), outputs=2)),
    (1, "ArgMax", [X], {"axis": 2}, numpy(X.argmax(2)[:, :, None])),
    (1, "Softmax", [X], {"axis": 1},
     lambda *_: [now("Softmax", X.reshape(2, -1), axis=1)()[0].reshape(X.shape)]),
    (1, "Hardmax", [ROWS], {}, now("Hardmax", ROWS, axis=1)),
    (1, "Flatten", [X], {"axis": 2}, numpy(X.reshape(6, 20))),
    (1, "Gather", [X, np.array([2, 0])], {"axis": 1}, numpy(X[:, [2, 0]])),
    (1, "Transpose", [X], {"perm": [3, 1, 0, 2]}, numpy(X.transpose(3, 1, 0, 2))),
    (1, "Shape", [X], {}, numpy(np.array(X.shape))),
    (1, "MatMul", [ROWS, floats(4, 2)], {}, None),
    (1, "LRN", [X], {"size": 3}, None),
    (1, "AveragePool", [X], {"kernel_shape": [2, 2], "pads": [1, 1, 0, 0]},
     now("AveragePool", X, kernel_shape=[2, 2], pads=[1, 1, 0, 0])),
    (1, "MaxPool", [X], {"kernel_shape": [2, 3], "strides": [2, 1]},
     now("MaxPool", X, kernel_shape=[2, 3], strides=[2, 1])),
    (1, "Conv", [X, X[:, :, :2, :2]], {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1]},
     now("Conv", X, X[:, :, :2, :2], pads=[1, 0, 0, 1])),
    (1, "ConvTranspose", [X, np.ascontiguousarray(X.transpose(1, 0, 2, 3))], {"strides": [2, 2]},
     now("ConvTranspose", X, X.transpose(1, 0, 2, 3), strides=[2, 2])),
    (1, "DepthToSpace", [floats(1, 8, 2, 3)], {"blocksize": 2}, None),
    *[(opset, name, [SIGNAL, WEIGHTS[name], RECURRENCES[name]],
       {"hidden_size": 4, "output_sequence": 1},
       now(name, SIGNAL, WEIGHTS[name], RECURRENCES[name], hidden_size=4, outputs=2))
      for opset, name in ((1, "RNN"), (1, "LSTM"), (1, "GRU"), (3, "GRU"), (5, "LSTM"))],
]
EXPECTED_ELSEWHERE = {
    "Mul": lambda x, w: [x * w[None, :, :, None]],
    "Gemm": lambda a, b, c: [np.float32(0.5) * (a @ b) + 2 * c if c.ndim == 1 else a @ b.T + c],
    "MatMul": lambda a, b: [a @ b],
    "LRN": lambda x: [x / (1 + np.float32(1e-4 / 3) * sum(
        np.pad(x * x, [(0, 0), (1, 1), (0, 0), (0, 0)])[:, k:k + 3] for k in range(3))) ** 0.75],
    "DepthToSpace": lambda x: [x.reshape(1, 2, 2, 2, 2, 3).transpose(0, 3, 4, 1, 5, 2)
                               .reshape(1, 2, 4, 6)],
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]}-{case[0]}")
def test_the_old_form_computes_what_the_new_one_does(case):
    opset, op_type, inputs, attributes, expected = case[:5]
    constants = [f"i{k}" for k in (case[5] if len(case) > 5 else [])]
    wanted = (expected or EXPECTED_ELSEWHERE[op_type])(*inputs)
    arrays = {f"i{k}": array for k, array in enumerate(inputs)}
    outputs = [f"o{k}" for k in range(len(wanted))]
    node = helper.make_node(op_type, list(arrays), outputs, **attributes)
    model = model_of(opset, node, arrays, outputs, constants)
    feeds = {name: array for name, array in arrays.items() if name not in constants}
    for source in (model, convoy.optimize(model)[0]):
        for optimize in (False, True):
            session = convoy.InferenceSession(source, optimize=optimize)
            actual = session.run(None, feeds)
            for a, b in zip(actual, wanted, strict=True):
                assert a.dtype == b.dtype
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_bodies_and_chains_are_rewritten():
    """If of opset 1 around old nodes, one of which reads a constant of the graph around it."""
    def branch(name, nodes):
        return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(
            f"{name}_y", TensorProto.FLOAT, None)])
    then = branch("then", [
        helper.make_node("Tile", ["x", "three", "one"], ["tiled"]),
        helper.make_node("Reshape", ["tiled"], ["then_y"], shape=[-1])])
    other = branch("else", [helper.make_node("Relu", ["x"], ["else_y"], consumed_inputs=[0])])
    graph = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], "g",
        [helper.make_tensor_value_info("c", TensorProto.BOOL, [1]),
         helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([3], "f4"), "three"),
         numpy_helper.from_array(np.array([1], "f4"), "one")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 4)], ir_version=3)
    session = convoy.InferenceSession(model)
    [y] = session.run(None, {"c": np.array([True]), "x": ROWS})
    np.testing.assert_array_equal(y, np.tile(ROWS, [1, 3]).reshape(-1))
    [y] = session.run(None, {"c": np.array([False]), "x": ROWS})
    np.testing.assert_array_equal(y, np.maximum(ROWS, 0))


@pytest.mark.parametrize("node, words", [
    (helper.make_node("Tile", ["x", "n", "n"], ["y"], name="t"),
     "node 't' (Tile): input 'n' is not"),
    (helper.make_node("Cast", ["x"], ["y"], name="c", to="COLOUR"),
     "node 'c' (Cast): 'COLOUR' is no"),
    (helper.make_node("LpPool", ["x"], ["y"], name="p", p=1.5), "node 'p' (LpPool): a norm of p"),
    (helper.make_node("Pad", ["x"], ["y"], name="p"), "the attribute 'paddings' is missing"),
    (helper.make_node("Relu", ["x"], ["y"], name="r", consumed=[0]), "consumed"),
])
def test_what_has_no_form_of_today_is_named(node, words):
    model = model_of(1, node, {"x": ROWS, "n": np.array([2], "f4")}, ["y"])
    with pytest.raises(convoy.Error, match=words.replace("(", r"\(").replace(")", r"\)")):
        convoy.InferenceSession(model)
