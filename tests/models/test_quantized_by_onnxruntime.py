"""Small networks that onnxruntime.quantization quantized, in every way it knows."""

import importlib.util
import pathlib

import numpy as np
import pytest

import convoy


def load_peers():
    path = pathlib.Path(__file__).with_name("peers.py")
    spec = importlib.util.spec_from_file_location("convoy_test_peers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


peers = load_peers()
peers.python()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks")
    peers.run_script("quantized_networks.py", path)
    return path


@pytest.mark.parametrize("optimize", [True, False])
def test_networks_agree_with_onnxruntime(folder, optimize):
    models = sorted(folder.glob("*.onnx"))
    assert len(models) >= 120
    wrong = []
    for model in models:
        arrays = np.load(model.with_suffix(".npz"))
        session = convoy.InferenceSession(model, optimize=optimize)
        for j, actual in enumerate(session.run(None, {"x": arrays["in_x"]})):
            expected = arrays[f"out_{j}"]
            assert actual.dtype == expected.dtype and actual.shape == expected.shape, model.stem
            # A step of one quantized value in between.
            apart = np.abs(actual - expected).max() / np.abs(expected).max()
            if apart > 0.03:
                wrong.append(f"{model.stem}, output {j}: {apart:.3g} apart")
    assert not wrong, "\n".join(wrong)
