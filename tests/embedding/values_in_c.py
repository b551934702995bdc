"""Outputs that are no tensors of numbers, through the C interface; run by test_values.py."""

import ctypes as c
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

BUILD = Path(__file__).parents[2] / "build"
STRINGS, SEQUENCE, MAP = 2, 3, 4


class Tensor(c.Structure):
    _fields_ = [("dtype", c.c_int), ("rank", c.c_int32), ("shape", c.c_int64 * 12),
                ("data", c.c_void_p)]


class Input(c.Structure):
    _fields_ = [("name", c.c_char_p), ("tensor", Tensor)]


@pytest.fixture(scope="module")
def library():
    paths = sorted(BUILD.glob("lib/libconvoy.so"))
    if not paths:
        pytest.skip("libconvoy.so is not built")
    library = c.CDLL(str(paths[0]))
    for name in ("outputs_value", "value_element"):
        function = getattr(library, f"convoy_{name}")
        function.restype, function.argtypes = c.c_void_p, [c.c_void_p, c.c_size_t]
    library.convoy_value_kind.argtypes = library.convoy_value_count.argtypes = [c.c_void_p]
    library.convoy_value_count.restype = c.c_size_t
    return library


def zip_model(labels):
    """Scores to their classifier's labels and to maps."""
    nodes = [
        helper.make_node("ArgMax", ["x"], ["best"], axis=1, keepdims=0),
        helper.make_node("LabelEncoder", ["best"], ["label"], domain="ai.onnx.ml",
                         keys_int64s=[0, 1], values_strings=["no", "yes"]),
        helper.make_node("ZipMap", ["x"], ["scores"], domain="ai.onnx.ml", **labels),
    ]
    key = TensorProto.STRING if "classlabels_strings" in labels else TensorProto.INT64
    scores = helper.make_sequence_type_proto(helper.make_map_type_proto(
        key, helper.make_tensor_type_proto(TensorProto.FLOAT, [])))
    graph = helper.make_graph(
        nodes, "values", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]),
         helper.make_value_info("scores", scores)])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.fixture
def run(library):
    held = []

    def run(model):
        session, outputs = c.c_void_p(), c.c_void_p()
        assert library.convoy_session_open_bytes(model, c.c_size_t(len(model)), None,
                                                 c.byref(session)) == 0
        x = np.array([[0.75, 0.25], [0.5, 1]], "float32")
        feed = Input(b"x", Tensor(1, 2, (2, 2), x.ctypes.data))
        assert library.convoy_session_run(session, c.byref(feed), c.c_size_t(1),
                                          c.byref(outputs)) == 0
        held.append((session, outputs))
        return outputs

    yield run
    for session, outputs in held:
        library.convoy_outputs_release(outputs)
        library.convoy_session_release(session)


def text(function, value, index):
    data, length = c.c_char_p(), c.c_size_t()
    status = function(c.c_void_p(value), c.c_size_t(index), c.byref(data), c.byref(length))
    return data.value[: length.value] if status == 0 else status


def numbers(library, value):
    tensor = Tensor()
    assert library.convoy_value_tensor(c.c_void_p(value), c.byref(tensor)) == 0
    assert (tensor.dtype, tensor.rank, tensor.shape[0]) == (1, 1, 2)
    return list(c.cast(tensor.data, c.POINTER(c.c_float))[:2])


def test_strings_and_maps_are_read(library, run):
    outputs = run(zip_model({"classlabels_strings": ["b", "a"]}))
    labels = library.convoy_outputs_value(outputs, 0)
    assert library.convoy_value_kind(labels) == STRINGS
    assert [text(library.convoy_value_string, labels, i) for i in (0, 1)] == [b"no", b"yes"]
    assert text(library.convoy_value_string, labels, 2) == 2
    scores = library.convoy_outputs_value(outputs, 1)
    assert library.convoy_value_kind(scores) == SEQUENCE
    assert library.convoy_value_count(scores) == 2
    second = library.convoy_value_element(scores, 1)
    assert library.convoy_value_kind(second) == MAP and library.convoy_value_count(second) == 2
    assert [text(library.convoy_map_string_key, second, i) for i in (0, 1)] == [b"a", b"b"]
    assert numbers(library, second) == [1, 0.5]
    assert library.convoy_value_element(scores, 2) is None
    assert library.convoy_outputs_value(outputs, 2) is None


def test_integer_keys_are_read(library, run):
    outputs = run(zip_model({"classlabels_int64s": [7, -3]}))
    first = library.convoy_value_element(library.convoy_outputs_value(outputs, 1), 0)
    keys = c.POINTER(c.c_int64)()
    assert library.convoy_map_integer_keys(c.c_void_p(first), c.byref(keys)) == 0
    assert keys[:2] == [-3, 7]
    assert numbers(library, first) == [0.25, 0.75]
    assert text(library.convoy_map_string_key, first, 0) == 2
