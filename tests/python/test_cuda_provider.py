"""CUDAExecutionProvider, with the emulated GPU in the place of one."""

import os
import subprocess
import sys

import numpy as np
import onnx.helper
import pytest

import convoy

SCRIPT = """
import sys
import numpy as np
import convoy

model, out = sys.argv[1:]
assert convoy.get_available_providers() == ["CUDAExecutionProvider", "CPUExecutionProvider"]
assert convoy.get_device() == "GPU"
options = convoy.SessionOptions()
options.add_provider("CUDAExecutionProvider", {"device_id": "0"})
assert convoy.InferenceSession(model, options).get_providers()[0] == "CUDAExecutionProvider"
value = convoy.OrtValue.ortvalue_from_numpy(np.ones(6, np.float32), "cuda", 0)
assert value.numpy().tolist() == [1] * 6
session = convoy.InferenceSession(model, providers=["CUDAExecutionProvider"])
binding = session.io_binding()
binding.bind_ortvalue_input("x", value)
binding.bind_output("y", "cuda")
session.run_with_iobinding(binding)
assert abs(binding.copy_outputs_to_cpu()[0] - np.tanh(1)).max() < 1e-6
assert session.get_providers() == ["CUDAExecutionProvider", "CPUExecutionProvider"]
assert session.get_provider_options()["CUDAExecutionProvider"] == {"device_id": "0"}
np.save(out, session.run(None, {"x": np.linspace(-2, 2, 6, dtype=np.float32)})[0])
session.set_providers(["CPUExecutionProvider", "CUDAExecutionProvider"])
assert session.get_providers()[0] == "CPUExecutionProvider"
session.run(None, {"x": np.zeros(6, np.float32)})
try:
    convoy.InferenceSession(model, providers=[("CUDAExecutionProvider", {"device_id": 7})])
except convoy.Error as error:
    print(error)
"""


@pytest.mark.skipif(not convoy._convoy.has_device("cuda-emulated"),
                    reason="the emulated GPU was not built")
def test_it_stands_for_the_device(tmp_path):
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph([onnx.helper.make_node("Tanh", ["x"], ["y"])], "g",
                                   [value("x", 1, [6])], [value("y", 1, [6])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)],
                                   ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    environment = {**os.environ, "CONVOY_CUDA_LIBRARY": "convoy_cuda_emulated"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "model.onnx", tmp_path / "y.npy"],
        env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "cuda:7" in done.stdout
    expected = np.tanh(np.linspace(-2, 2, 6, dtype=np.float32))
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, rtol=1e-6)
