"""Windows of convolutions and pools, and resizes, of random attributes against ONNX Runtime, and
Col2Im, which ONNX Runtime gets wrong where it dilates, against its definition.

    PYTHONPATH=build/python .venv/bin/python tests/models/test_windows.py --seed 1 --cases 4000

prints each case that differs and exits 1 if there is any. onnxruntime must be importable.
"""

import argparse
import collections
import sys

import numpy as np
import onnx
import pytest
from onnx import helper

import convoy

TOLERANCE = 2e-5  # of the largest magnitude of an output
TOO_SHORT = "shorter than the window"

# What ONNX Runtime refuses and Convoy computes as ONNX defines it, by its message.
STRICTER = (
    "Pad should be smaller than kernel",
    "Dilation not supported for AutoPadType",
    "Scale value should be greater than or equal to 1",
    "output_padding",  # of the stride and more
)


class Case:
    """One node, its inputs and which of them are initializers."""

    def __init__(self, op, opset, inputs, constants=(), outputs=1, **attributes):
        self.op, self.opset, self.inputs, self.constants = op, opset, inputs, set(constants)
        self.outputs, self.attributes = outputs, attributes
        self.within = TOLERANCE

    def __str__(self):
        def shown(array):
            if array is None:
                return "-"
            values = f"={array.tolist()}" if array.size <= 8 and array.ndim == 1 else ""
            return f"{array.dtype}{list(array.shape)}{values}"

        return f"{self.op}-{self.opset} ({', '.join(map(shown, self.inputs))}) {self.attributes}"

    def model(self, symbolic):
        names, infos, initializers = [], [], []
        for i, array in enumerate(self.inputs):
            names.append("" if array is None else f"x{i}")
            if array is None:
                continue
            if i in self.constants:
                initializers.append(onnx.numpy_helper.from_array(array, f"x{i}"))
                continue
            shape = [f"d{i}_{k}" if symbolic else size for k, size in enumerate(array.shape)]
            dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
            infos.append(helper.make_tensor_value_info(f"x{i}", dtype, shape))
        outputs = [f"y{j}" for j in range(self.outputs)]
        node = helper.make_node(self.op, names, outputs, **self.attributes)
        results = [onnx.ValueInfoProto(name=name) for name in outputs]
        graph = helper.make_graph([node], "g", infos, results, initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()

    def feeds(self):
        return {
            f"x{i}": array
            for i, array in enumerate(self.inputs)
            if array is not None and i not in self.constants
        }


def floats(rng, *shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def window(rng, rank, pools, dilated=True):
    """Attributes besides kernel_shape; pads are below the kernel where a pool has them."""
    kernel = [int(rng.integers(1, 5)) for _ in range(rank)]
    attributes = {"kernel_shape": kernel}
    if rng.random() < 0.7:
        attributes["strides"] = [int(rng.integers(1, 5)) for _ in range(rank)]
    if dilated and rng.random() < 0.4:
        attributes["dilations"] = [int(rng.integers(1, 4)) for _ in range(rank)]
    padding = rng.random()
    if padding < 0.5:
        most = [k if pools else k + 2 for k in kernel]
        attributes["pads"] = [int(rng.integers(0, most[i % rank])) for i in range(2 * rank)]
    elif padding < 0.8:
        attributes["auto_pad"] = pick(rng, "VALID", "SAME_UPPER", "SAME_LOWER", "NOTSET")
    if pools and "SAME" in attributes.get("auto_pad", ""):
        attributes.pop("dilations", None)
        # Where windows leave gaps ONNX Runtime pads pools by negative numbers, or refuses.
        strides = attributes.get("strides", [1] * rank)
        attributes["strides"] = [min(s, k) for s, k in zip(strides, kernel)]
    return attributes


def lengths(rng, rank):
    return [int(rng.integers(1, 13)) for _ in range(rank)]


def conv_case(rng):
    rank = int(rng.integers(1, 4))
    attributes = window(rng, rank, False)
    groups = int(rng.integers(1, 4))
    channels, made = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    shape = [int(rng.integers(1, 4)), channels * groups, *lengths(rng, rank)]
    x = floats(rng, *shape)
    w = floats(rng, made * groups, channels, *attributes["kernel_shape"])
    attributes["group"] = groups
    opset = int(rng.integers(7, 23))
    kind = rng.random()
    if kind < 0.7:
        bias = [floats(rng, made * groups)] if rng.random() < 0.5 else []
        return Case("Conv", opset, [x, w, *bias], pick(rng, (), (1,), (1, 2)), **attributes)
    x8 = rng.integers(0, 200, x.shape).astype(np.uint8)
    w8 = rng.integers(0, 200, w.shape).astype(np.uint8)
    zero = np.array(100, np.uint8)
    opset = max(opset, 10)
    if kind < 0.85:
        return Case("ConvInteger", opset, [x8, w8, zero], (1, 2), **attributes)
    scale = np.array(0.5, np.float32)
    inputs = [x8, scale, zero, w8, scale, zero, np.array(64, np.float32), zero]
    case = Case("QLinearConv", opset, inputs, range(1, 8), **attributes)
    case.within = 0.02  # a step of 8 bits where a half is rounded
    return case


def conv_transpose_case(rng):
    rank = int(rng.integers(1, 4))
    attributes = window(rng, rank, False)
    kernel = attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * rank)
    groups, channels, made = (int(rng.integers(1, 4)) for _ in range(3))
    shape = [int(rng.integers(1, 4)), channels * groups, *lengths(rng, rank)]
    inputs = [floats(rng, *shape), floats(rng, channels * groups, made, *kernel)]
    if rng.random() < 0.5:
        inputs.append(floats(rng, made * groups))
    attributes["group"] = groups
    if rng.random() < 0.3:
        attributes["output_padding"] = [int(rng.integers(0, s)) for s in strides]
    extra = attributes.get("output_padding", [0] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    reach = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(shape[2:], strides, dilations, kernel, extra)
    ]
    if "SAME" in attributes.get("auto_pad", ""):
        # Where windows leave gaps ONNX Runtime cuts the output, which ONNX says is input * stride.
        if any(r < n * s for r, n, s in zip(reach, shape[2:], strides)):
            attributes.pop("auto_pad")
    if "pads" not in attributes and rng.random() < 0.3:
        attributes["output_shape"] = [int(rng.integers(1, r + 1)) for r in reach]
    opset = int(rng.integers(7, 23))
    return Case("ConvTranspose", opset, inputs, pick(rng, (), (1,)), **attributes)


def pool_case(rng):
    op = pick(rng, "MaxPool", "AveragePool", "LpPool")
    rank = int(rng.integers(1, 4))
    opset = int(rng.integers(7, 23))
    dilated = opset >= {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}[op]
    attributes = window(rng, rank, True, dilated)
    if opset >= (18 if op == "LpPool" else 10) and rng.random() < 0.6:
        attributes["ceil_mode"] = 1
    if op == "AveragePool" and rng.random() < 0.5:
        attributes["count_include_pad"] = 1
    outputs = 1
    if op == "LpPool":
        attributes["p"] = int(rng.integers(1, 4))
    if op == "MaxPool" and opset >= 8 and rng.random() < 0.3:
        outputs = 2
        attributes["storage_order"] = int(rng.integers(0, 2))
    x = floats(rng, int(rng.integers(1, 4)), int(rng.integers(1, 4)), *lengths(rng, rank))
    case = Case(op, opset, [x], outputs=outputs, **attributes)
    case.within = 1e-4 if op == "LpPool" else TOLERANCE
    return case


def factor(rng):
    often = (0.25, 0.4, 0.5, 0.6, 0.7, 1, 1.1, 1.2, 1.4, 1.5, 2, 2.5, 3)
    return pick(rng, *often) if rng.random() < 0.8 else rng.uniform(0.3, 3)


def resize_case(rng):
    opset = pick(rng, 10, 11, 13, 18, 19, 21)
    mode = pick(rng, "nearest", "linear", *(["cubic"] if opset >= 11 else []))
    rank = 2 if mode == "cubic" else int(rng.integers(1, 3))
    sizes = [int(rng.integers(2, 24)) for _ in range(rank)]
    x = floats(rng, 1, 2, *sizes)
    attributes = {"mode": mode}
    factors = np.array([1, 1] + [factor(rng) for _ in sizes], np.float32)
    if opset == 10:
        return Case("Resize", opset, [x, factors], (1,), **attributes)
    coordinates = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
    if opset < 13:
        coordinates.append("tf_half_pixel_for_nn")
    if opset >= 19:
        coordinates.append("half_pixel_symmetric")
    attributes["coordinate_transformation_mode"] = coordinates[rng.integers(len(coordinates))]
    if mode == "nearest":
        attributes["nearest_mode"] = pick(
            rng, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"
        )
    if mode == "cubic" and rng.random() < 0.3:
        attributes["exclude_outside"] = 1
    by_sizes = attributes["coordinate_transformation_mode"] == "align_corners" or rng.random() < 0.3
    if not by_sizes:
        roi = np.zeros(0, np.float32)
        return Case("Resize", opset, [x, roi, factors], (1, 2), **attributes)
    wanted = [int(rng.integers(1, 40)) for _ in sizes]
    policy = pick(rng, "stretch", "not_larger", "not_smaller")
    aligned = attributes["coordinate_transformation_mode"] == "align_corners"
    if opset >= 18 and rng.random() < 0.5 and not aligned:
        attributes["axes"] = list(range(2, 2 + rank))
        attributes["keep_aspect_ratio_policy"] = policy
        return Case("Resize", opset, [x, None, None, np.array(wanted)], (3,), **attributes)
    empty = None if opset >= 13 else np.zeros(0, np.float32)
    target = np.array([1, 2, *wanted])
    return Case("Resize", opset, [x, empty, empty, target], (1, 2, 3), **attributes)


def upsample_case(rng):
    x = floats(rng, 1, 2, int(rng.integers(2, 20)), int(rng.integers(2, 20)))
    factors = [1.0, 1.0, max(1.0, factor(rng)), max(1.0, factor(rng))]
    mode = pick(rng, "nearest", "linear")
    if rng.random() < 0.5:
        return Case("Upsample", 8, [x], mode=mode, scales=factors)
    return Case("Upsample", 9, [x, np.array(factors, np.float32)], (1,), mode=mode)


def col2im_case(rng):
    rank = int(rng.integers(1, 4))
    attributes = window(rng, rank, False)
    block = attributes.pop("kernel_shape")
    attributes.pop("auto_pad", None)
    image = lengths(rng, rank)
    pads = attributes.get("pads", [0] * (2 * rank))
    positions = 1
    for i in range(rank):
        extent = attributes.get("dilations", [1] * rank)[i] * (block[i] - 1) + 1
        image[i] = max(image[i], extent - pads[i] - pads[i + rank], 1)
        room = image[i] + pads[i] + pads[i + rank] - extent
        positions *= room // attributes.get("strides", [1] * rank)[i] + 1
    x = floats(rng, int(rng.integers(1, 3)), 2 * int(np.prod(block)), positions)
    inputs = [x, np.array(image), np.array(block)]
    return Case("Col2Im", int(rng.integers(18, 23)), inputs, (1, 2), **attributes)


KINDS = (
    [conv_case] * 3
    + [conv_transpose_case] * 3
    + [pool_case] * 6
    + [resize_case] * 5
    + [upsample_case, col2im_case]
)


def run(runtime, case, symbolic):
    """The outputs, or the message of the error."""
    try:
        session = runtime.InferenceSession(
            case.model(symbolic), providers=["CPUExecutionProvider"]
        )
        return session.run(None, case.feeds())
    except Exception as error:  # each runtime has classes of its own
        return str(error)


def col2im(x, image, block, strides=None, pads=None, dilations=None):
    """By ONNX's definition."""
    rank = len(image)
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = pads or [0] * (2 * rank)
    padded = [n + pads[i] + pads[i + rank] for i, n in enumerate(image)]
    columns = [
        (n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(padded, dilations, block, strides)
    ]
    values = x.reshape(x.shape[0], -1, *block, *columns)
    y = np.zeros((*values.shape[:2], *padded), np.float32)
    for tap in np.ndindex(*block):
        at = [
            slice(t * d, t * d + (c - 1) * s + 1, s)
            for t, d, c, s in zip(tap, dilations, columns, strides)
        ]
        y[(slice(None), slice(None), *at)] += values[(slice(None), slice(None), *tap)]
    inner = [slice(pads[i], pads[i] + n) for i, n in enumerate(image)]
    return y[(slice(None), slice(None), *inner)]


def expected(peer, case, symbolic):
    if case.op == "Col2Im":
        x, image, block = case.inputs
        return [col2im(x, image.tolist(), block.tolist(), **case.attributes)]
    return run(peer, case, symbolic)


def is_too_short(case):
    """Does a window of the node not fit its padded input?"""
    attributes = case.attributes
    x = case.inputs[0]
    slots = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3}
    kernel = attributes["kernel_shape"]
    if case.op in slots:
        kernel = case.inputs[slots[case.op]].shape[2:]
    rank = x.ndim - 2
    if "SAME" in attributes.get("auto_pad", ""):
        return False
    pads = attributes.get("pads", [0] * (2 * rank))
    for i in range(rank):
        stride = attributes.get("strides", [1] * rank)[i]
        room = x.shape[i + 2] + pads[i] + pads[i + rank] - 1
        room -= attributes.get("dilations", [1] * rank)[i] * (kernel[i] - 1)
        if room + (stride - 1 if attributes.get("ceil_mode") else 0) < 0:
            return True
    return False


def difference(case, peer, symbolic):
    """(what was compared, None or what differs)."""
    mine, theirs = run(convoy, case, symbolic), expected(peer, case, symbolic)
    if isinstance(mine, str) and TOO_SHORT in mine:
        return "too short", None if is_too_short(case) else f"refused: {mine}"
    if isinstance(theirs, str):
        if isinstance(mine, str):
            return "both refuse", None
        known = any(reason in theirs for reason in STRICTER) or "NOT_IMPLEMENTED" in theirs
        return "peer refuses", None if known else f"the peer refuses: {theirs[-200:]}"
    if isinstance(mine, str):
        return "refused", f"refused: {mine}"
    for j, (a, b) in enumerate(zip(mine, theirs)):
        if a.shape != b.shape or a.dtype != b.dtype:
            return "compared", f"output {j} is {a.dtype}{a.shape}, the peer's {b.dtype}{b.shape}"
        if b.size == 0:
            continue
        a, b = a.astype(np.float64), b.astype(np.float64)
        if j == 1 and str(case).startswith("MaxPool"):  # the index of a maximum of nothing is none
            of_nothing = np.asarray(theirs[0]) <= -3.4e38
            a[of_nothing] = b[of_nothing] = -1
        b[b < -3.4e38] = -np.inf  # ONNX Runtime's maximum of nothing
        if not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return "compared", f"output {j} has other infinities or NaNs: {a.ravel()[:8]}"
        with np.errstate(invalid="ignore"):
            worst = np.nanmax(np.abs(np.where(a == b, 0, a - b)))
        if worst > case.within * max(1e-6, np.nanmax(np.abs(b))):
            return "compared", f"output {j} is off by {worst}: {a.ravel()[:8]} {b.ravel()[:8]}"
    return "compared", None


def check(peer, seed, cases, report):
    """Differences of so many random cases; report(case number, text) for each."""
    counts = collections.Counter()
    for number in range(cases):
        rng = np.random.default_rng([seed, number])
        case = KINDS[rng.integers(len(KINDS))](rng)
        what, why = difference(case, peer, symbolic=rng.random() < 0.5)
        counts[what] += 1
        if why:
            counts["different"] += 1
            report(number, f"{case}: {why}")
    return counts


def test_windows_as_in_onnxruntime(onnxruntime_here, is_full):
    peer = onnxruntime_here
    peer.set_default_logger_severity(4)
    found = []
    cases = 4000 if is_full else 400
    counts = check(peer, 1, cases, lambda number, text: found.append(f"{number}: {text}"))
    assert not found, "\n".join(found)
    assert counts["compared"] > cases * 3 // 4


def main():
    import onnxruntime as peer

    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=1000)
    options = parser.parse_args()
    peer.set_default_logger_severity(4)
    counts = check(peer, options.seed, options.cases, lambda n, text: print(n, text, flush=True))
    print(f"seed {options.seed}:", dict(counts))
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
