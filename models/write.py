"""Writes the small models of this folder; deterministic, so that a second run changes nothing.

  write.py [FOLDER]

Each is a case that Convoy started from; docs/cases.md shows them.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
FOLDER = pathlib.Path(__file__).parent


def _save(folder, name, nodes, weights, inputs, outputs):
    """inputs, outputs: {name: shape} of float32 tensors; a string is a size left open."""

    def infos(values):
        return [
            helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
            for key, shape in values.items()
        ]

    graph = helper.make_graph(
        nodes,
        name,
        infos(inputs),
        infos(outputs),
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="convoy-models",
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / f"{name}.onnx")


def _random(rng, *shape):
    """Uniform within 1 / sqrt(fan-in) on both sides of 0, as PyTorch initializes a Conv."""
    bound = 1 / np.sqrt(np.prod(shape[1:]))
    return rng.uniform(-bound, bound, shape).astype(np.float32)


def rowwise_conv1d(folder, rows=10, channels=15, kernel=3):
    """One Conv1d for each row x[:, :, h, :], joined again: (B, C, H, W) to (B, C, H, W - 2)."""
    rng = np.random.default_rng(1)
    weights, nodes = {"axis": np.array([2], np.int64)}, []
    for h in range(rows):
        weights |= {
            f"row{h}": np.array(h, np.int64),
            f"w{h}": _random(rng, channels, channels, kernel),
            f"b{h}": _random(rng, channels, 1)[:, 0].copy(),
        }
        nodes += [
            helper.make_node("Gather", ["x", f"row{h}"], [f"x{h}"], axis=2),
            helper.make_node("Conv", [f"x{h}", f"w{h}", f"b{h}"], [f"c{h}"], kernel_shape=[kernel]),
            helper.make_node("Unsqueeze", [f"c{h}", "axis"], [f"y{h}"]),
        ]
    nodes.append(helper.make_node("Concat", [f"y{h}" for h in range(rows)], ["y"], axis=2))
    _save(
        folder,
        "rowwise_conv1d",
        nodes,
        weights,
        {"x": ["B", channels, rows, 100]},
        {"y": ["B", channels, rows, 100 - kernel + 1]},
    )


# name: (kernel size, pad on both sides, stride, dilation)
BY_HAND = {
    "size2": (2, 0, 1, 1),
    "size3": (3, 0, 1, 1),
    "size3_pad1": (3, 1, 1, 1),
    "size2_stride2": (2, 0, 2, 1),
    "size2_stride2_pad2": (2, 2, 2, 1),
    "size2_stride2_pad5": (2, 5, 2, 1),
    "size2_dilation2": (2, 0, 1, 2),
}


def conv1d_by_hand(folder):
    """Seven Conv1d of one input (1, 1, 10): two output maps, weights 1, … and 0, -1, …, no bias."""
    weights, nodes, outputs = {}, [], {}
    for name, (size, pad, stride, dilation) in BY_HAND.items():
        weights[f"w_{name}"] = np.stack([np.ones(size), -np.arange(size)]).astype(np.float32)[
            :, None
        ]
        nodes.append(
            helper.make_node(
                "Conv",
                ["x", f"w_{name}"],
                [name],
                pads=[pad, pad],
                strides=[stride],
                dilations=[dilation],
            )
        )
        outputs[name] = [1, 2, (10 + 2 * pad - dilation * (size - 1) - 1) // stride + 1]
    _save(folder, "conv1d_by_hand", nodes, weights, {"x": [1, 1, 10]}, outputs)


def conv1d_groups(folder):
    """16 maps to 32 with size 2: dense, in 4 groups, and depthwise followed by pointwise."""
    rng = np.random.default_rng(2)
    weights = {
        "w_dense": _random(rng, 32, 16, 2),
        "w_groups": _random(rng, 32, 4, 2),
        "w_depthwise": _random(rng, 16, 1, 2),
        "w_pointwise": _random(rng, 32, 16, 1),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w_dense"], ["dense"]),
        helper.make_node("Conv", ["x", "w_groups"], ["groups"], group=4),
        helper.make_node("Conv", ["x", "w_depthwise"], ["middle"], group=16),
        helper.make_node("Conv", ["middle", "w_pointwise"], ["separable"]),
    ]
    _save(
        folder,
        "conv1d_groups",
        nodes,
        weights,
        {"x": [2, 16, 20]},
        {"dense": [2, 32, 19], "groups": [2, 32, 19], "separable": [2, 32, 19]},
    )


def shared_conv1d(folder, channels=12, maps=4, kernel=5):
    """One Conv1d(1, O, k) for each channel x[:, i:i+1, :], joined; and its sum over channels."""
    rng = np.random.default_rng(3)
    weights = {
        "w": _random(rng, maps, 1, kernel),
        "b": _random(rng, maps, 1)[:, 0].copy(),
        "split": np.ones(channels, np.int64),
    }
    nodes = [helper.make_node("Split", ["x", "split"], [f"x{i}" for i in range(channels)], axis=1)]
    nodes += [helper.make_node("Conv", [f"x{i}", "w", "b"], [f"c{i}"]) for i in range(channels)]
    nodes += [
        helper.make_node("Concat", [f"c{i}" for i in range(channels)], ["joined"], axis=1),
        helper.make_node("Sum", [f"c{i}" for i in range(channels)], ["summed"]),
    ]
    length = 200 - kernel + 1
    _save(
        folder,
        "shared_conv1d",
        nodes,
        weights,
        {"x": ["B", channels, 200]},
        {"joined": ["B", channels * maps, length], "summed": ["B", maps, length]},
    )


def conv_ranks(folder):
    """The same convolution with a kernel of ones, padding 'same', written with rank 1, 2 and 3."""
    weights, nodes, inputs, outputs = {}, [], {}, {}
    for dims in (1, 2, 3):
        size = {1: 100, 2: 20, 3: 10}[dims]
        inputs[f"x{dims}"] = [1, 1] + [size] * dims
        for rank in range(dims, 4):
            units = rank - dims
            name, kernel = f"y{dims}_rank{rank}", [3] * dims + [1] * units
            weights[f"w_{name}"] = np.ones([1, 1] + kernel, np.float32)
            source = f"x{dims}"
            if units:
                weights[f"axes_{name}"] = np.arange(2 + dims, 2 + rank, dtype=np.int64)
                nodes.append(
                    helper.make_node("Unsqueeze", [source, f"axes_{name}"], [f"in_{name}"])
                )
                source = f"in_{name}"
            nodes.append(
                helper.make_node("Conv", [source, f"w_{name}"], [name], auto_pad="SAME_UPPER")
            )
            outputs[name] = [1, 1] + [size] * dims + [1] * units
    _save(folder, "conv_ranks", nodes, weights, inputs, outputs)


def main(folder=FOLDER):
    for write in (rowwise_conv1d, conv1d_by_hand, conv1d_groups, shared_conv1d, conv_ranks):
        write(pathlib.Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
