"""The cases that Convoy started from, each against what it must equal by definition."""

import importlib.util
import pathlib

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import convoy

MODELS = pathlib.Path(__file__).parents[2] / "models"
BY_HAND = {
    "size2": [[1, 3, 5, 7, 9, 11, 13, 15, 17], [-1, -2, -3, -4, -5, -6, -7, -8, -9]],
    "size3": [[3, 6, 9, 12, 15, 18, 21, 24], [-5, -8, -11, -14, -17, -20, -23, -26]],
    "size3_pad1": [
        [1, 3, 6, 9, 12, 15, 18, 21, 24, 17],
        [-2, -5, -8, -11, -14, -17, -20, -23, -26, -9],
    ],
    "size2_stride2": [[1, 5, 9, 13, 17], [-1, -3, -5, -7, -9]],
    "size2_stride2_pad2": [[0, 1, 5, 9, 13, 17, 0], [0, -1, -3, -5, -7, -9, 0]],
    "size2_stride2_pad5": [[0, 0, 0, 3, 7, 11, 15, 9, 0, 0], [0, 0, 0, -2, -4, -6, -8, 0, 0, 0]],
    "size2_dilation2": [[2, 4, 6, 8, 10, 12, 14, 16], [-2, -3, -4, -5, -6, -7, -8, -9]],
}


def weights_of(name):
    return {
        t.name: numpy_helper.to_array(t)
        for t in onnx.load(MODELS / f"{name}.onnx").graph.initializer
    }


def run(name, optimize, feeds):
    session = convoy.InferenceSession(MODELS / f"{name}.onnx", optimize=optimize)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds)))


def conv1d(x, w, b=None, groups=1):
    """By definition, in double: x (B, C, L), w (O, C / groups, k)."""
    inputs, maps = x.shape[1] // groups, w.shape[0] // groups
    windows = np.lib.stride_tricks.sliding_window_view(x.astype("f8"), w.shape[2], axis=2)
    parts = [
        np.einsum(
            "bclk,ock->bol",
            windows[:, g * inputs : (g + 1) * inputs],
            w[g * maps : (g + 1) * maps].astype("f8"),
        )
        for g in range(groups)
    ]
    y = np.concatenate(parts, axis=1)
    return y if b is None else y + b.astype("f8")[None, :, None]


def random(*shape):
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("batch", [1, 3, 32])
def test_rowwise_conv1d(optimize, batch):
    x, w = random(batch, 15, 10, 100), weights_of("rowwise_conv1d")
    y = run("rowwise_conv1d", optimize, {"x": x})["y"]
    expected = np.stack([conv1d(x[:, :, h], w[f"w{h}"], w[f"b{h}"]) for h in range(10)], axis=2)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("optimize", [False, True])
def test_rowwise_conv1d_equals_one_grouped_conv(optimize):
    x, w = random(3, 15, 10, 100), weights_of("rowwise_conv1d")
    y = run("rowwise_conv1d", optimize, {"x": x})["y"]
    folded = x.transpose(0, 2, 1, 3).reshape(3, 150, 100)
    grouped = conv1d(
        folded,
        np.concatenate([w[f"w{h}"] for h in range(10)]),
        np.concatenate([w[f"b{h}"] for h in range(10)]),
        groups=10,
    )
    np.testing.assert_allclose(
        y, grouped.reshape(3, 10, 15, 98).transpose(0, 2, 1, 3), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("optimize", [False, True])
def test_conv1d_by_hand(optimize):
    outputs = run(
        "conv1d_by_hand", optimize, {"x": np.arange(10, dtype=np.float32).reshape(1, 1, 10)}
    )
    for name, expected in BY_HAND.items():
        np.testing.assert_array_equal(
            outputs[name][0], np.array(expected, np.float32), err_msg=name
        )


@pytest.mark.parametrize("optimize", [False, True])
def test_conv1d_groups(optimize):
    x, w = random(2, 16, 20), weights_of("conv1d_groups")
    outputs = run("conv1d_groups", optimize, {"x": x})
    assert w["w_dense"].shape == (32, 16, 2) and w["w_groups"].shape == (32, 4, 2)
    np.testing.assert_allclose(outputs["dense"], conv1d(x, w["w_dense"]), atol=1e-5)
    np.testing.assert_allclose(outputs["groups"], conv1d(x, w["w_groups"], groups=4), atol=1e-5)
    separable = conv1d(conv1d(x, w["w_depthwise"], groups=16), w["w_pointwise"])
    np.testing.assert_allclose(outputs["separable"], separable, atol=1e-5)


@pytest.mark.parametrize("optimize", [False, True])
def test_shared_conv1d(optimize):
    x, w = random(2, 12, 200), weights_of("shared_conv1d")
    outputs = run("shared_conv1d", optimize, {"x": x})
    each = [conv1d(x[:, i : i + 1], w["w"], w["b"]) for i in range(12)]
    np.testing.assert_allclose(outputs["joined"], np.concatenate(each, axis=1), atol=1e-5)
    # The convolution of the summed channels, the bias counted once for each of them.
    summed = conv1d(x.astype("f8").sum(axis=1, keepdims=True), w["w"], 12 * w["b"])
    np.testing.assert_allclose(outputs["summed"], summed, atol=2e-5)


@pytest.mark.parametrize("optimize", [False, True])
def test_conv_of_rank_1_2_3_is_one_operator(optimize):
    feeds = {"x1": random(1, 1, 100), "x2": random(1, 1, 20, 20), "x3": random(1, 1, 10, 10, 10)}
    outputs = run("conv_ranks", optimize, feeds)
    for dims in (1, 2, 3):
        x = feeds[f"x{dims}"]
        padded = np.pad(x.astype("f8"), [(0, 0), (0, 0)] + [(1, 1)] * dims)
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, [3] * dims, axis=tuple(range(2, 2 + dims))
        )
        expected = windows.sum(axis=tuple(range(-dims, 0)))
        base = outputs[f"y{dims}_rank{dims}"]
        np.testing.assert_allclose(base, expected, atol=1e-5)
        for rank in range(dims + 1, 4):
            np.testing.assert_array_equal(outputs[f"y{dims}_rank{rank}"].reshape(base.shape), base)


def test_the_script_writes_these_models(tmp_path):
    spec = importlib.util.spec_from_file_location("write", MODELS / "write.py")
    write = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(write)
    write.main(tmp_path)
    for path in sorted(tmp_path.glob("*.onnx")):
        assert path.read_bytes() == (MODELS / path.name).read_bytes(), path.name
