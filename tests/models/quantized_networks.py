"""Small networks quantized by onnxruntime.quantization, with what onnxruntime computes.

    PYTHON quantized_networks.py FOLDER

PYTHON has onnx and onnxruntime. Writes NAME.onnx and NAME.npz as quantized_operators.py does.
"""

import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from growing_network import GrowingNetwork, calibration
from onnxruntime import quantization as q

random = np.random.default_rng(11)


def network(*shape):
    return GrowingNetwork(random, shape)


def convolutional():
    n = network(2, 3, 16, 12)
    n.add("Conv", "", n.weight(8, 3, 3, 3), n.weight(8, size=0.1), pads=[1, 1, 1, 1])
    n.add("Relu")
    n.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    n.add("Conv", "", n.weight(8, 1, 3, 3), n.weight(8, size=0.1), group=8, pads=[1, 1, 1, 1])
    n.add("Clip", "", n.constant(np.float32(0)), n.constant(np.float32(6)))
    n.add("Conv", "", n.weight(10, 8, 1, 1))
    n.add("LeakyRelu", alpha=0.1)
    n.add("GlobalAveragePool")
    n.add("Flatten")
    n.add("Gemm", "", n.weight(10, 10), n.weight(10, size=0.1), transB=1)
    n.add("Softmax", axis=-1)
    return n


def branches():
    n = network(3, 4, 9, 7)
    left = n.add("Conv", "", n.weight(6, 4, 3, 3), pads=[1, 1, 1, 1])
    gate = n.add("Sigmoid")
    n.add("Mul", left, gate)
    right = n.add("Conv", "x", n.weight(6, 4, 1, 1))
    total = n.add("Add", left, right)
    n.add("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    pooled = n.add("Resize", "", "", n.constant(np.array([1, 1, 2, 2], np.float32)),
                   mode="nearest", coordinate_transformation_mode="asymmetric",
                   nearest_mode="floor")
    n.add("Slice", pooled, n.constant(np.array([0, 0])), n.constant(np.array([9, 7])),
          n.constant(np.array([2, 3])))
    n.add("Concat", total, n.last, right, axis=1)
    n.add("Conv", "", n.weight(5, 18, 3, 3), strides=[2, 1])
    n.add("ReduceMean", axes=[2, 3], keepdims=0)
    return n


def transposed():
    n = network(1, 4, 6, 5)
    n.add("ConvTranspose", "", n.weight(4, 3, 2, 2), strides=[2, 2])
    n.add("Tanh")
    n.add("Pad", "", n.constant(np.array([0, 0, 1, 0, 0, 0, 0, 2])))
    n.add("Transpose", perm=[0, 2, 3, 1])
    n.add("Reshape", "", n.constant(np.array([1, -1, 3])))
    n.add("MatMul", "", n.weight(3, 8))
    return n


def moves():
    """Operators that take 8-bit values as they are, or are left alone."""
    n = network(2, 6, 8, 5)
    n.add("Conv", "", n.weight(6, 6, 3, 3), pads=[1, 1, 1, 1])
    first = n.add("Split", "", n.constant(np.array([2, 4])), axis=1, outputs=2)
    n.add("Gather", first.replace("_0", "_1"), n.constant(np.array([3, 0])), axis=1)
    n.add("Add", first, n.last)
    n.add("Pad", "", n.constant(np.array([0, 0, 1, 2, 0, 0, 1, 0])), mode="reflect")
    n.add("Squeeze", n.add("Slice", n.last, n.constant(np.array([1])), n.constant(np.array([2])),
                           n.constant(np.array([1]))), n.constant(np.array([1])))
    n.add("Unsqueeze", "", n.constant(np.array([1])))
    n.add("Conv", "", n.weight(4, 1, 3, 3), n.weight(4, size=0.1), dilations=[2, 1])
    n.add("InstanceNormalization", "", n.constant(np.ones(4, np.float32)), n.weight(4))
    n.add("ReduceMax", axes=[3], keepdims=0)
    n.add("Min", "", n.constant(np.float32(0.8)))
    n.add("Conv", "", n.weight(3, 4, 3))
    n.add("HardSigmoid")
    n.add("Erf")
    n.add("Expand", "", n.constant(np.array([2, 3, 4])))
    return n


def volumes():
    n = network(1, 2, 5, 6, 4)
    n.add("Conv", "", n.weight(4, 2, 3, 3, 3), n.weight(4, size=0.1), pads=[1] * 6)
    n.add("Relu")
    n.add("AveragePool", kernel_shape=[2, 2, 2])
    n.add("GlobalAveragePool")
    return n


def attention():
    n = network(2, 7, 16)
    n.add("LayerNormalization", "", n.constant(np.ones(16, np.float32)), n.weight(16, size=0.1))
    normal = n.last
    queries = n.add("MatMul", normal, n.weight(16, 16))
    keys = n.add("MatMul", normal, n.weight(16, 16))
    values = n.add("MatMul", normal, n.weight(16, 16))
    n.add("Transpose", keys, perm=[0, 2, 1])
    n.add("MatMul", queries, n.last)
    n.add("Mul", "", n.constant(np.float32(0.25)))
    n.add("Softmax", axis=-1)
    n.add("MatMul", n.last, values)
    n.add("Add", n.last, normal)
    n.add("MatMul", "", n.weight(16, 32))
    n.add("Add", "", n.weight(32, size=0.1))
    n.add("Relu")
    return n


def recurrent(op, gates, direction):
    d = 2 if direction == "bidirectional" else 1
    n = network(9, 2, 6)
    w, r = n.weight(d, gates * 8, 6, size=0.4), n.weight(d, gates * 8, 8, size=0.4)
    n.add(op, "", w, r, n.weight(d, 2 * gates * 8, size=0.1), hidden_size=8, direction=direction,
          outputs=2)
    n.add("Transpose", perm=[0, 2, 1, 3])
    n.add("Reshape", "", n.constant(np.array([9, 2, 8 * d])))
    n.add("MatMul", "", n.weight(8 * d, 4))
    return n


def answer(model, target, x, level, kept=None):
    """Writes what onnxruntime answers to x; `kept` gets the model as it optimized it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if kept:
        options.optimized_model_filepath = str(kept)
    session = onnxruntime.InferenceSession(str(model), options,
                                           providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"x": x})
    np.savez(target, in_x=x, **{f"out_{j}": y for j, y in enumerate(outputs)})


def save(model, x):
    """The answers to x of the model as it is."""
    answer(model, model.with_suffix(".npz"), x, "ORT_DISABLE_ALL")


def save_optimized(model, x):
    """A second model, as onnxruntime's optimizer rewrites the first: QLinear operators, channels
    that come last."""
    level = "ORT_ENABLE_ALL" if "operators" in model.stem else "ORT_ENABLE_EXTENDED"
    kept = model.with_name(f"{model.stem}_optimized.onnx")
    answer(model, kept.with_suffix(".npz"), x, level, kept)


STATIC = {
    "qdq": {"quant_format": q.QuantFormat.QDQ},
    "qdq_channels": {"quant_format": q.QuantFormat.QDQ, "per_channel": True,
                     "activation_type": q.QuantType.QInt8},
    "qdq_16": {"quant_format": q.QuantFormat.QDQ, "activation_type": q.QuantType.QUInt16,
               "extra_options": {"UseQDQContribOps": True}},
    "qdq_symmetric": {"quant_format": q.QuantFormat.QDQ, "extra_options": {
        "ActivationSymmetric": True, "AddQDQPairToWeight": True, "DedicatedQDQPair": True}},
    "operators": {"quant_format": q.QuantFormat.QOperator},
    "operators_channels": {"quant_format": q.QuantFormat.QOperator, "per_channel": True},
    "operators_signed": {"quant_format": q.QuantFormat.QOperator,
                         "activation_type": q.QuantType.QInt8},
}
DYNAMIC = {
    "dynamic": {},
    "dynamic_unsigned": {"weight_type": q.QuantType.QUInt8},
    "dynamic_channels": {"per_channel": True},
}


def main():
    logging.disable(logging.WARNING)
    folder = Path(sys.argv[1])
    networks = {
        "convolutional": convolutional(), "branches": branches(), "transposed": transposed(),
        "moves": moves(), "volumes": volumes(), "attention": attention(),
        "gru": recurrent("GRU", 3, "forward"),
    }
    for direction in ("forward", "reverse", "bidirectional"):
        networks[f"lstm_{direction}"] = recurrent("LSTM", 4, direction)
    plain = folder / "plain"
    plain.mkdir()
    for name, built in networks.items():
        model = plain / f"{name}.onnx"
        onnx.save(built.model(), model)
        arrays = [random.standard_normal(built.shape).astype(np.float32) for _ in range(4)]
        # With 8-bit weights onnxruntime saturates sums of two products at 16 bits where there is
        # AVX2 alone.
        for way, options in STATIC.items():
            target = folder / f"{name}_{way}.onnx"
            q.quantize_static(str(model), str(target), calibration(arrays), reduce_range=True,
                              **options)
            save(target, arrays[0])
            save_optimized(target, arrays[0])
        for way, options in DYNAMIC.items():
            target = folder / f"{name}_{way}.onnx"
            q.quantize_dynamic(str(model), str(target), reduce_range=True, **options)
            save(target, arrays[0])


main()
