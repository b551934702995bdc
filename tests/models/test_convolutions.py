"""Convolutions of real channel counts, with what follows them, against ONNX Runtime.

    PYTHONPATH=build/python .venv/bin/python tests/models/test_convolutions.py --cases 10000

prints each case that differs and exits 1 if there is any; CONVOY_ISA chooses the kernels. Run with
a Python that has onnxruntime.
"""

import argparse
import random
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import convoy

TOGETHER = 20  # cases of one model
TOLERANCE = 2e-6  # of a sum of magnitudes, which is what Winograd's forms are held to
MOST_WORK = 4e6  # multiply-adds of a case
ACTIVATIONS = ("", "", "Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Clip")


class Case:
    """One convolution: shapes, attributes, and what is done to its sums."""

    def __init__(self, dice):
        self.rank = dice.choices((1, 2, 3), (4, 5, 1))[0]
        while not self._try(dice):
            pass
        self.bias = dice.random() < 0.6
        self.residual = dice.random() < 0.25
        self.activation = dice.choice(ACTIVATIONS)

    def _try(self, dice):
        channels, made = (dice.choice((1, 2, 3, 5, 8, 12, 15, 16, 17, 24, 32, 48, 64, 96, 130))
                          for _ in range(2))
        groups = dice.choices((1, 2, 3, 10, 24), (10, 2, 1, 1, 1))[0]
        if dice.random() < 0.2:
            groups, channels, made = channels, 1, dice.choice((1, 1, 1, 2))
        kernel = [dice.choices((1, 2, 3, 4, 5, 7, 9, 11), (5, 1, 9, 1, 3, 2, 1, 1))[0]
                  for _ in range(self.rank)]
        if self.rank > 1 and dice.random() < 0.7:
            kernel = kernel[:1] * self.rank
        dilations = [dice.choices((1, 2, 3, 4, 16), (12, 2, 1, 1, 1))[0] for _ in kernel]
        pads = [dice.randint(0, d * (k - 1) + 1) for d, k in zip(dilations, kernel)] * 2
        if dice.random() < 0.3:
            pads = [dice.randint(0, pad + 1) for pad in pads]
        most = (300, 40, 12)[self.rank - 1]
        sizes = [dice.randint(1, most) for _ in kernel]
        self.x = [dice.choices((1, 2, 5), (4, 2, 1))[0], channels * groups, *sizes]
        self.w = [made * groups, channels, *kernel]
        self.attributes = {"group": groups, "dilations": dilations, "pads": pads,
                           "strides": [dice.choices((1, 2, 3), (8, 3, 1))[0] for _ in kernel]}
        self.y = [self.x[0], self.w[0]]
        for i in range(self.rank):
            room = sizes[i] + pads[i] + pads[i + self.rank] - dilations[i] * (kernel[i] - 1) - 1
            if room < 0:
                return False
            self.y.append(room // self.attributes["strides"][i] + 1)
        return np.prod(self.y, dtype=float) * np.prod(self.w[1:], dtype=float) < MOST_WORK

    def __str__(self):
        after = "".join((" + bias" * self.bias, " + residual" * self.residual,
                         f", {self.activation}" if self.activation else ""))
        return f"x {self.x} w {self.w} {self.attributes}{after}"


def model_of(cases, numbers):
    """The cases side by side, each with inputs of its own, and numbers for these."""
    nodes, weights, inputs, outputs, feeds = [], [], [], [], {}

    def constant(name, shape):
        weights.append(numpy_helper.from_array(uniform(shape), name))
        return name

    def uniform(shape):
        return numbers.uniform(-1, 1, shape).astype(np.float32)

    def given(name, shape):
        feeds[name] = uniform(shape)
        inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    for i, case in enumerate(cases):
        operands = [given(f"x{i}", case.x), constant(f"w{i}", case.w)]
        if case.bias:
            operands.append(constant(f"b{i}", case.w[:1]))
        nodes.append(helper.make_node("Conv", operands, [f"c{i}"], **case.attributes))
        value = f"c{i}"
        if case.residual:
            nodes.append(helper.make_node("Add", [value, given(f"r{i}", case.y)], [f"s{i}"]))
            value = f"s{i}"
        if case.activation:
            bounds = [constant(f"low{i}", []), "six"] if case.activation == "Clip" else []
            nodes.append(helper.make_node(case.activation, [value, *bounds], [f"a{i}"]))
            value = f"a{i}"
        outputs.append(helper.make_tensor_value_info(value, TensorProto.FLOAT, case.y))
    weights.append(numpy_helper.from_array(np.float32(6), "six"))
    graph = helper.make_graph(nodes, "convolutions", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString(), feeds


def failures(seed, count, onnxruntime):
    """A line for each case in which Convoy and ONNX Runtime differ."""
    dice, numbers = random.Random(seed), np.random.default_rng(seed)
    found = []
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    for first in range(0, count, TOGETHER):
        cases = [Case(dice) for _ in range(min(TOGETHER, count - first))]
        model, feeds = model_of(cases, numbers)
        peer = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        expected = peer.run(None, feeds)
        got = convoy.InferenceSession(model).run(None, feeds)
        for i, (case, right, y) in enumerate(zip(cases, expected, got)):
            magnitudes = float(np.prod(case.w[1:], dtype=float)) / 4 + 2  # of numbers up to 1
            bound = TOLERANCE * magnitudes
            if right.shape != y.shape or not np.allclose(right, y, rtol=2e-6, atol=bound):
                error = np.abs(right - y).max() if right.shape == y.shape else y.shape
                found.append(f"seed {seed}, case {first + i}: {case}: off by {error}")
    return found


def test_random_convolutions(onnxruntime_here, is_full, seed):
    assert failures(seed, 10000 if is_full else 300, onnxruntime_here) == []


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=10000)
    arguments = parser.parse_args()
    found = failures(arguments.seed, arguments.cases, pytest.importorskip("onnxruntime"))
    print("\n".join([*found, f"{arguments.cases} convolutions, {len(found)} differ"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
