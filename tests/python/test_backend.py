"""convoy.backend, called as programs call onnxruntime.backend."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import convoy
from convoy import backend


@pytest.fixture
def relu():
    value = helper.make_tensor_value_info
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g",
                              [value("x", TensorProto.FLOAT, [2])],
                              [value("y", TensorProto.FLOAT, [2])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


X = np.array([-1, 2], "f4")


def test_prepares_whatever_holds_a_model(relu, tmp_path):
    onnx.save(relu, tmp_path / "relu.onnx")
    prepared = backend.prepare(relu)
    assert backend.prepare(prepared) is prepared
    for model in (relu, relu.SerializeToString(), str(tmp_path / "relu.onnx"), prepared,
                  convoy.InferenceSession(relu)):
        assert backend.prepare(model).run([X])[0].tolist() == [0, 2]
        assert backend.run(model, [X])[0].tolist() == [0, 2]
        assert backend.run_model(model, X, device="CPU")[0].tolist() == [0, 2]


def test_other_devices_are_refused(relu):
    assert [backend.supports_device(name) for name in ("CPU", "CPU:0", "CUDA", "GPU", "Nothing")
            ] == [True, True, False, False, False]
    for device in ("CUDA", "GPU"):
        with pytest.raises(RuntimeError, match=device):
            backend.prepare(relu, device)
