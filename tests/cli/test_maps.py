"""Maps on the command line: shown, stored as ONNX's .pb, read again, compared by key."""

import pathlib
import shutil
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONVOY = pathlib.Path(__file__).parents[2] / "build" / "bin" / "convoy"


def convoy(*arguments):
    return subprocess.run([CONVOY, *map(str, arguments)], capture_output=True, text=True)


def map_type(key):
    return helper.make_map_type_proto(key, helper.make_tensor_type_proto(TensorProto.FLOAT, []))


def save(path, op, x, y, **attributes):
    node = helper.make_node(op, ["x"], ["y"], domain="ai.onnx.ml", **attributes)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    graph = helper.make_graph([node], "maps", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def zip_model(path, labels):
    save(
        path,
        "ZipMap",
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2]),
        helper.make_value_info("y", helper.make_sequence_type_proto(map_type(TensorProto.STRING))),
        classlabels_strings=labels,
    )


def test_maps_are_shown_and_stored(tmp_path):
    zip_model(tmp_path / "zip.onnx", ["no", "yes"])
    np.save(tmp_path / "x.npy", np.array([[0.25, 0.75], [1, 0]], "float32"))
    result = convoy("run", tmp_path / "zip.onnx", "--input", f"x={tmp_path}/x.npy", "--output",
                    tmp_path / "out")
    assert result.stdout == "y  sequence of 2  {no: 0.25, yes: 0.75}, ...\n", result
    stored = onnx.SequenceProto.FromString((tmp_path / "out" / "y.pb").read_bytes())
    assert stored.elem_type == onnx.SequenceProto.MAP
    assert [list(one.string_keys) for one in stored.map_values] == [[b"no", b"yes"]] * 2
    values = [numpy_helper.to_array(t) for t in stored.map_values[0].values.tensor_values]
    assert values == [0.25, 0.75]


def test_stored_maps_are_compared_by_key(tmp_path):
    case = tmp_path / "case" / "test_data_set_0"
    case.mkdir(parents=True)
    zip_model(tmp_path / "zip.onnx", ["no", "yes"])
    x = np.array([[0.25, 0.75]], "float32")
    np.save(tmp_path / "x.npy", x)
    convoy("run", tmp_path / "zip.onnx", "--input", f"x={tmp_path}/x.npy", "--output", tmp_path)
    shutil.copy(tmp_path / "y.pb", case / "output_0.pb")
    (case / "input_0.pb").write_bytes(numpy_helper.from_array(x, "x").SerializeToString())
    shutil.copy(tmp_path / "zip.onnx", tmp_path / "case" / "model.onnx")
    assert convoy("test", tmp_path / "case").returncode == 0
    zip_model(tmp_path / "case" / "model.onnx", ["yes", "no"])
    result = convoy("test", tmp_path / "case")
    assert result.returncode == 1 and "at key no" in result.stdout + result.stderr
    zip_model(tmp_path / "case" / "model.onnx", ["no", "perhaps"])
    result = convoy("test", tmp_path / "case")
    assert result.returncode == 1 and "has no key yes" in result.stdout + result.stderr


def test_a_map_is_fed_from_a_file(tmp_path):
    save(
        tmp_path / "dict.onnx",
        "DictVectorizer",
        helper.make_value_info("x", map_type(TensorProto.STRING)),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, None]),
        string_vocabulary=["b", "a"],
    )
    fed = onnx.MapProto(name="x", key_type=TensorProto.STRING, string_keys=[b"a"])
    fed.values.elem_type = onnx.SequenceProto.TENSOR
    fed.values.tensor_values.append(numpy_helper.from_array(np.float32(2.5)))
    (tmp_path / "x.pb").write_bytes(fed.SerializeToString())
    result = convoy("run", tmp_path / "dict.onnx", "--input", f"x={tmp_path}/x.pb", "--output",
                    tmp_path)
    assert result.returncode == 0, result
    assert np.load(tmp_path / "y.npy").tolist() == [[0, 2.5]]
    fed.string_keys.append(b"b")
    (tmp_path / "x.pb").write_bytes(fed.SerializeToString())
    result = convoy("run", tmp_path / "dict.onnx", "--input", f"x={tmp_path}/x.pb")
    assert result.returncode == 1 and "1 values for 2 keys" in result.stderr
