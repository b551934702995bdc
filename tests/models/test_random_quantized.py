"""Random networks quantized by onnxruntime.quantization, at several batches, against ONNX Runtime.

    PYTHONPATH=build/python .venv/bin/python tests/models/test_random_quantized.py --networks 2000

prints each network that differs and exits 1 if there is any; CONVOY_ISA chooses the kernels. Run
with a Python that has onnxruntime.
"""

import argparse
import logging
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest

import convoy

sys.path.insert(0, str(Path(__file__).parent))

from growing_network import GrowingNetwork, calibration  # noqa: E402

BATCHES = (2, 1, 3)
MOST_LAYERS = 8
MOST_CHANNELS = 80
FUNCTIONS = ("Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSwish", "Elu", "Gelu")
# A sum that lies between two steps may be rounded to either. Such ties are no exception: the mean
# of four numbers in their own steps is one every other time, as is a sum in twice its operands'
# steps. Half of a product's outputs may then be off by one of their 127 steps, and a step of a wide
# range is several of a narrow one (a sum of up to 8 before Tanh).
LARGEST_APART, MEAN_APART = 0.15, 0.01  # of the largest number of an output, at any batch
FEW = 64  # numbers of an output whose mean says little
# Most networks have no ties, or both break them alike: what is always a step off shows here.
SAME, SHARE_OF_SAME = 1e-4, 0.7


class Value:
    def __init__(self, name, channels, sizes):
        self.name, self.channels, self.sizes = name, channels, tuple(sizes)

    def like(self, name):
        return Value(name, self.channels, self.sizes)


class Layers:
    """Random layers over values of shape (N, channels, sizes…). Each method adds one to the value
    that it is given and returns its result, or None where there is no such layer."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        channels = self.dice.choice((1, 3, 4, 8, 16, 17, 32))
        sizes = [self.dice.randrange(6, 20) for _ in range(self.dice.choice((1, 2)))]
        self.network = GrowingNetwork(np.random.default_rng(seed), ["N", channels, *sizes], 20)
        self.values = [Value("x", channels, sizes)]

    def convolution(self, x):
        dice, rank = self.dice, len(x.sizes)
        groups = dice.choice((1, 1, x.channels))
        if dice.random() < 0.2:
            groups = dice.choice([g for g in range(1, x.channels + 1) if x.channels % g == 0])
        made = groups * dice.choice((1, 2, 3, 5)) if groups > 1 else dice.choice((1, 4, 7, 16, 33))
        kernel = [dice.choice((1, 3, 5)) for _ in x.sizes]
        dilations = [dice.choice((1, 1, 2)) for _ in x.sizes]
        strides = [dice.choice((1, 1, 2)) for _ in x.sizes]
        pads = [dice.randrange(3) for _ in range(2 * rank)]
        sizes = [(x.sizes[i] + pads[i] + pads[i + rank] - (kernel[i] - 1) * dilations[i] - 1)
                 // strides[i] + 1 for i in range(rank)]
        if min(sizes) < 1 or made > MOST_CHANNELS:
            return None
        operands = [self.network.weight(made, x.channels // groups, *kernel)]
        if dice.random() < 0.7:
            operands.append(self.network.weight(made, size=0.3))
        name = self.network.add("Conv", x.name, *operands, group=groups, dilations=dilations,
                                strides=strides, pads=pads, kernel_shape=kernel)
        return Value(name, made, sizes)

    def function(self, x):
        return x.like(self.network.add(self.dice.choice(FUNCTIONS), x.name))

    def clip(self, x):
        bounds = [self.network.constant(np.float32(bound)) for bound in (0, 6)]
        return x.like(self.network.add("Clip", x.name, *bounds))

    def swish(self, x):
        return x.like(self.network.add("Mul", x.name, self.network.add("Sigmoid", x.name)))

    def pool(self, x):
        if min(x.sizes) < 4:
            return None
        name = self.network.add(self.dice.choice(("MaxPool", "AveragePool")), x.name,
                                kernel_shape=[2] * len(x.sizes), strides=[2] * len(x.sizes))
        return Value(name, x.channels, [size // 2 for size in x.sizes])

    def residual(self, x):
        other = self.dice.choice([y for y in self.values
                                  if (y.channels, y.sizes) == (x.channels, x.sizes)])
        return x.like(self.network.add(self.dice.choice(("Add", "Add", "Mul")), x.name, other.name))

    def join(self, x):
        other = self.dice.choice([y for y in self.values if y.sizes == x.sizes])
        channels = x.channels + other.channels
        if channels > MOST_CHANNELS:
            return None
        return Value(self.network.add("Concat", x.name, other.name, axis=1), channels, x.sizes)

    def excitation(self, x):
        weight = self.network.weight(x.channels, x.channels, *[1] * len(x.sizes))
        self.network.add("Conv", self.network.add("GlobalAveragePool", x.name), weight)
        return x.like(self.network.add("Mul", x.name, self.network.add("Sigmoid")))

    def part(self, x):
        if x.channels < 4:
            return None
        first = self.dice.randrange(x.channels // 2)
        end = self.dice.randrange(first + 1, x.channels + 1)
        bounds = [self.network.constant(np.array([i])) for i in (first, end, 1)]
        return Value(self.network.add("Slice", x.name, *bounds), end - first, x.sizes)

    def shuffle(self, x):
        groups = next((g for g in (2, 3, 4) if x.channels % g == 0), None)
        if groups is None:
            return None
        n = self.network
        n.add("Reshape", x.name, n.constant(np.array([0, groups, x.channels // groups, *x.sizes])))
        n.add("Transpose", perm=[0, 2, 1, *range(3, 3 + len(x.sizes))])
        return x.like(n.add("Reshape", "", n.constant(np.array([0, x.channels, *x.sizes]))))

    def constant(self, x):
        numbers = self.network.weight(1, x.channels, *[1] * len(x.sizes), size=1)
        return x.like(self.network.add(self.dice.choice(("Add", "Mul", "Sub")), x.name, numbers))

    def padding(self, x):
        rank = len(x.sizes)
        pads = [self.dice.randrange(3) for _ in range(2 * rank)]
        every = self.network.constant(np.array([0, 0, *pads[:rank], 0, 0, *pads[rank:]]))
        sizes = [x.sizes[i] + pads[i] + pads[i + rank] for i in range(rank)]
        return Value(self.network.add("Pad", x.name, every), x.channels, sizes)

    def enlarge(self, x):
        if max(x.sizes) > 20:
            return None
        factors = self.network.constant(np.array([1, 1] + [2] * len(x.sizes), np.float32))
        name = self.network.add("Resize", x.name, "", factors, mode="nearest", nearest_mode="floor",
                                coordinate_transformation_mode="asymmetric")
        return Value(name, x.channels, [2 * size for size in x.sizes])

    def transposed(self, x):
        if max(x.sizes) > 16:
            return None
        made = self.dice.choice((1, 4, 8))
        weight = self.network.weight(x.channels, made, *[2] * len(x.sizes))
        name = self.network.add("ConvTranspose", x.name, weight, strides=[2] * len(x.sizes))
        return Value(name, made, [2 * size for size in x.sizes])

    def classifier(self, x):
        n, made = self.network, self.dice.choice((1, 5, 10, 32))
        n.add("Flatten", x.name)
        features = x.channels * int(np.prod(x.sizes))
        if self.dice.random() < 0.5:
            n.add("Gemm", "", n.weight(made, features), n.weight(made, size=1), transB=1)
        else:
            n.add("MatMul", "", n.weight(features, made, size=features ** -0.5))
            n.add("Add", "", n.weight(made, size=1))
        if self.dice.random() < 0.3:
            n.add("Softmax", axis=1)
        return n.last

    def model(self):
        kinds = [*4 * [self.convolution], *2 * [self.function], self.clip, self.swish, self.pool,
                 self.residual, self.join, self.excitation, self.part, self.shuffle, self.constant,
                 self.padding, self.enlarge, self.transposed]
        for _ in range(self.dice.randint(2, MOST_LAYERS)):
            x = self.values[-1] if self.dice.random() < 0.75 else self.dice.choice(self.values)
            made = self.dice.choice(kinds)(x)
            if made is not None:
                self.values.append(made)
        if len(self.values) == 1:
            self.values.append(self.function(self.values[0]))
        last = self.values[-1]
        outputs = [self.classifier(last) if self.dice.random() < 0.5 else last.name]
        if self.dice.random() < 0.3:
            outputs.append(self.values[1].name)
        return self.network.model(sorted(set(outputs)))


def quantize(plain, target, dice, arrays):
    """Quantizes in one of the ways of onnxruntime.quantization, and says in which. Weights are of
    7 bits: with 8 onnxruntime's sums of two products saturate where there is AVX2 alone."""
    from onnxruntime import quantization as q
    common = {"per_channel": dice.random() < 0.5, "reduce_range": True,
              "weight_type": dice.choice((q.QuantType.QInt8, q.QuantType.QInt8,
                                          q.QuantType.QUInt8))}
    if dice.random() < 0.2:
        q.quantize_dynamic(plain, target, **common)
        return f"dynamic {common}"
    extra = {name: value for name, value, share in (
        ("ActivationSymmetric", True, 0.5), ("WeightSymmetric", False, 0.3),
        ("QuantizeBias", False, 0.3), ("DedicatedQDQPair", True, 0.3)) if dice.random() < share}
    common["activation_type"] = dice.choice((q.QuantType.QUInt8, q.QuantType.QInt8))
    common["quant_format"] = dice.choice((q.QuantFormat.QDQ, q.QuantFormat.QDQ,
                                          q.QuantFormat.QOperator))
    q.quantize_static(plain, target, calibration(arrays), extra_options=extra, **common)
    return f"static {common} {extra}"


def difference(expected, actual, largest):
    """How two outputs differ, or None. `largest` of what such an output holds."""
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return f"{actual.dtype}{actual.shape} for {expected.dtype}{expected.shape}"
    apart = np.abs(expected - actual) / max(largest, 1e-6)
    if not np.all(apart <= LARGEST_APART):
        return f"{apart.max():.3g} apart"
    if apart.size >= FEW and apart.mean() > MEAN_APART:
        return f"{apart.mean():.3g} apart on average"
    return None


def refuses(peer, feeds):
    """Whether onnxruntime cannot run what its own quantizer wrote."""
    try:
        peer.run(None, feeds)
    except Exception:  # noqa: BLE001: whatever it is, there is nothing to compare with
        return True
    return False


def compare_network(seed, folder, onnxruntime):
    """A line for each output in which one network differs, and whether all are the same; None where
    onnxruntime cannot quantize or run it."""
    layers = Layers(seed)
    plain, target = folder / "plain.onnx", folder / "quantized.onnx"
    onnx.save(layers.model(), plain)
    arrays = [layers.network.numbers.standard_normal((2, *layers.network.shape[1:]))
              .astype(np.float32) for _ in range(4)]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    onnxruntime.set_default_logger_severity(4)
    options.log_severity_level = 4
    try:
        way = quantize(plain, target, layers.dice, arrays)
        peer = onnxruntime.InferenceSession(str(target), options,
                                            providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001: its quantizer has limits of its own
        return None
    session = convoy.InferenceSession(target)
    runs = []  # expected and actual outputs
    for batch in BATCHES:
        x = np.concatenate(arrays)[:batch] * layers.dice.choice((1, 1, 3))
        if refuses(peer, {"x": x}):
            return None
        runs.append((peer.run(None, {"x": x}), session.run(None, {"x": x})))
    largest = [max(np.abs(outputs[i]).max(initial=0) for outputs, _ in runs)
               for i in range(len(runs[0][0]))]
    found, same = [], True
    for batch, run in zip(BATCHES, runs):
        for i, (expected, actual) in enumerate(zip(*run, strict=True)):
            reason = difference(expected, actual, largest[i])
            if reason:
                found.append(f"network {seed}, {way}, batch {batch}, output {i}: {reason}")
            same = same and not reason and np.allclose(expected, actual, 0, SAME * largest[i])
    return found, same


def failures(first, count, onnxruntime):
    """How many of the networks from `first` on were compared, and the lines of those that
    differ."""
    compared, same, lines = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            result = compare_network(seed, Path(folder), onnxruntime)
            if result is None:
                continue
            compared += 1
            lines += result[0]
            same += result[1]
    if same < SHARE_OF_SAME * compared:
        lines.append(f"networks from {first} on: only {same} of {compared} give the same")
    return compared, lines


@pytest.fixture
def silent():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_random_quantized_networks(onnxruntime_here, is_full, seed, silent):
    count = 2000 if is_full else 60
    compared, found = failures(seed % 10**6 * 10000, count, onnxruntime_here)
    assert found == []
    assert compared >= count // 2


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--networks", type=int, default=2000)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    compared, found = failures(arguments.first, arguments.networks,
                               pytest.importorskip("onnxruntime"))
    print("\n".join([*found, f"{compared} networks compared, {len(found)} outputs differ"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
