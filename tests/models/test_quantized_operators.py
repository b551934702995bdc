"""The quantized operators of com.microsoft, one by one, against onnxruntime."""

import pathlib

import numpy as np
import pytest

import convoy


def tolerance(name, dtype):
    """Of floats, relative to the largest. A quantized state may round to its neighbour."""
    if name.startswith("DynamicQuantizeLSTM"):
        return 0.005
    return 2e-3 if dtype == np.float16 else 2e-5


def difference(name, actual, expected):
    """Empty, or what differs. Integers may be one step apart."""
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        return f"{actual.dtype}{actual.shape}, expected {expected.dtype}{expected.shape}"
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    exact = name.startswith(("MatMulInteger16", "NhwcMaxPool"))
    most = 0 if exact else 1
    if expected.dtype.kind == "f":
        most = tolerance(name, expected.dtype) * max(np.abs(b).max(initial=0), 1e-3)
    worst = np.abs(a - b).max(initial=0)
    return "" if worst <= most else f"off by {worst}, {most} allowed"


def compare(folder, optimize):
    models = sorted(folder.glob("*.onnx"))
    assert len(models) > 200
    wrong = []
    for model in models:
        arrays = np.load(model.with_suffix(".npz"))
        feeds = {key[3:]: arrays[key] for key in arrays if key.startswith("in_")}
        try:
            results = convoy.InferenceSession(model, optimize=optimize).run(None, feeds)
        except Exception as error:
            wrong.append(f"{model.stem}: {error}")
            continue
        for j, actual in enumerate(results):
            why = difference(model.stem, actual, arrays[f"out_{j}"])
            if why:
                wrong.append(f"{model.stem}, output {j}: {why}")
    return wrong


@pytest.fixture(scope="module")
def folder(run_in_peer, tmp_path_factory):
    path = tmp_path_factory.mktemp("operators")
    run_in_peer(pathlib.Path(__file__).with_name("quantized_operators.py"), path)
    return path


@pytest.mark.parametrize("optimize", [True, False])
def test_operators_agree_with_onnxruntime(folder, optimize):
    wrong = compare(folder, optimize)
    assert not wrong, "\n".join(wrong)
