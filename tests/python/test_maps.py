"""Maps as dictionaries: what ZipMap gives, what DictVectorizer and CastMap are fed."""

import numpy as np
import pytest
from onnx import TensorProto, helper

import convoy


def session_of(op, inputs, output, **attributes):
    node = helper.make_node(op, ["x"], ["y"], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "maps", [inputs], [output])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return convoy.InferenceSession(model)


def map_type(key, value):
    return helper.make_map_type_proto(key, helper.make_tensor_type_proto(value, []))


def zip_session(key, **labels):
    scores = helper.make_sequence_type_proto(map_type(key, TensorProto.FLOAT))
    return session_of(
        "ZipMap",
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2]),
        helper.make_value_info("y", scores),
        **labels,
    )


def vectorizer(key, value, **vocabulary):
    return session_of(
        "DictVectorizer",
        helper.make_value_info("x", map_type(key, value)),
        helper.make_tensor_value_info("y", value, [1, None]),
        **vocabulary,
    )


def test_zip_map_gives_dictionaries():
    x = np.array([[0.25, 0.75], [1, 0]], "float32")
    [rows] = zip_session(TensorProto.INT64, classlabels_int64s=[5, 3]).run(None, {"x": x})
    assert rows == [{3: 0.75, 5: 0.25}, {3: 0.0, 5: 1.0}]
    assert list(rows[0]) == [3, 5] and all(type(value) is float for value in rows[0].values())
    [rows] = zip_session(TensorProto.STRING, classlabels_strings=["ä", "b"]).run(None, {"x": x[:1]})
    assert rows == [{"ä": 0.25, "b": 0.75}]
    [rows] = zip_session(TensorProto.STRING, classlabels_strings=["ä", "b"]).run(None, {"x": x[:0]})
    assert rows == []


def test_results_outlive_the_session():
    x = np.array([[0.25, 0.75]], "float32")
    session = zip_session(TensorProto.INT64, classlabels_int64s=[0, 1])
    [first] = session.run(None, {"x": x})
    session.run(None, {"x": 1 - x})
    del session
    assert first == [{0: 0.25, 1: 0.75}]


@pytest.mark.parametrize("value", [1.5, np.float32(1.5), np.float64(1.5)])
def test_dictionaries_are_fed(value):
    session = vectorizer(TensorProto.STRING, TensorProto.FLOAT, string_vocabulary=["b", "a"])
    [y] = session.run(None, {"x": {"a": value, "c": 2}})
    assert y.dtype == np.float32 and y.tolist() == [[0, 1.5]]


def test_numbers_become_the_declared_type():
    session = vectorizer(TensorProto.INT64, TensorProto.DOUBLE, int64_vocabulary=[7, 1])
    [y] = session.run(None, {"x": {np.int64(7): 3, 1: 2**40}})
    assert y.dtype == np.float64 and y.tolist() == [[3, 2**40]]
    assert session.run(None, {"x": {}})[0].tolist() == [[0, 0]]
    session = vectorizer(TensorProto.STRING, TensorProto.INT64, string_vocabulary=["a"])
    assert session.run(None, {"x": {"a": 4}})[0].tolist() == [[4]]


@pytest.mark.parametrize(
    "feed",
    [
        {"a": 1.0},
        {1: "one"},
        {1: 1.0, "a": 2.0},
        {1: None},
        {1.5: 1.0},
        {2**70: 1.0},
        [1.0],
        np.zeros(1, "float32"),
    ],
)
def test_what_does_not_fit_is_an_error(feed):
    session = vectorizer(TensorProto.INT64, TensorProto.FLOAT, int64_vocabulary=[1])
    with pytest.raises(convoy.InvalidInput):
        session.run(None, {"x": feed})


def test_cast_map():
    session = session_of(
        "CastMap",
        helper.make_value_info("x", map_type(TensorProto.INT64, TensorProto.STRING)),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, None]),
        map_form="SPARSE",
        max_map=3,
    )
    assert session.run(None, {"x": {2: "0.5", 0: "-3"}})[0].tolist() == [[-3, 0, 0.5]]
    with pytest.raises(convoy.InvalidInput, match="half"):
        session.run(None, {"x": {2: "half"}})
