"""Small networks that onnxruntime.quantization quantized, in every way it knows."""

import pathlib

import numpy as np
import pytest

import convoy


@pytest.fixture(scope="module")
def folder(run_in_peer, tmp_path_factory):
    path = tmp_path_factory.mktemp("networks")
    run_in_peer(pathlib.Path(__file__).with_name("quantized_networks.py"), path)
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
