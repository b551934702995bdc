"""`convoy optimize --verify`: which sizes and types it takes, and what it says; and feeds of
initializers that are inputs, in every command that takes feeds."""
import pathlib
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).parents[2]
CONVOY = ROOT / "build" / "bin" / "convoy"
rng = np.random.default_rng(0)
node = helper.make_node


def weight(*shape, dtype="f4"):
    return (rng.standard_normal(shape) * 0.3).astype(dtype)


def save(path, nodes, inputs, weights=None, output=TensorProto.FLOAT):
    """A model of inputs {name: (type, shape)}; weights that are inputs too are defaults."""
    result = helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None)
    if output is not None:
        result = helper.make_tensor_value_info("y", output, None)
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(n, *t) for n, t in inputs.items()], [result],
        [numpy_helper.from_array(np.asarray(value), n) for n, value in (weights or {}).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def floats(*shape):
    return {"x": (TensorProto.FLOAT, list(shape))}


def run(*arguments):
    return subprocess.run([CONVOY, *map(str, arguments)], capture_output=True, text=True)


def normalized(dtype):
    """A convolution and a normalization, which become one."""
    names = ["s", "b", "m"]
    nodes = [node("Conv", ["x", "w", "b"], ["c"]),
             node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"])]
    weights = {"w": weight(16, 8, 5, dtype=dtype), "v": abs(weight(16, dtype=dtype)) + dtype(0.1),
               **{name: weight(16, dtype=dtype) for name in names}}
    return nodes, weights


NORMALIZED, WEIGHTS = normalized(np.float32)
HALVES, HALF_WEIGHTS = normalized(np.float16)
AVERAGE = node("AveragePool", ["x"], ["y"], kernel_shape=[4])
CASES = {
    "a kernel of 3": ([node("Conv", ["x", "w"], ["y"])], floats("n", 3, "t"),
                      {"w": weight(4, 3, 3)}, TensorProto.FLOAT),
    "a pool": ([AVERAGE], floats("n", 3, "t"), {}, TensorProto.FLOAT),
    "frames of sound": ([node("Conv", ["x", "w"], ["y"], strides=[160])], floats("n", 1, "t"),
                        {"w": weight(4, 1, 400)}, TensorProto.FLOAT),
    "no batch": ([node("Unsqueeze", ["x", "axes"], ["u"]), node("Conv", ["u", "w"], ["y"])],
                 floats("t"), {"w": weight(4, 1, 600), "axes": np.array([0, 1])},
                 TensorProto.FLOAT),
    "time first": ([node("Transpose", ["x"], ["u"], perm=[1, 2, 0]),
                    node("Conv", ["u", "w"], ["y"])], floats("t", "n", 3),
                   {"w": weight(4, 3, 200)}, TensorProto.FLOAT),
    "a batch on a second axis": (
        [node("Conv", ["x", "w"], ["c"]), node("ReduceMean", ["c"], ["r"], axes=[2], keepdims=0),
         node("MatMul", ["s", "r"], ["y"])],
        {**floats("n", 1, "t"), "s": (TensorProto.FLOAT, [1, "n"])}, {"w": weight(1, 1, 64)},
        TensorProto.FLOAT),
    "a multiple of 32": ([node("Reshape", ["x", "shape"], ["y"])], floats("n", "t"),
                         {"shape": np.array([0, -1, 32])}, TensorProto.FLOAT),
    "frames": ([node("STFT", ["x", "step", "", "length"], ["y"])], floats("n", "t", 1),
               {"step": np.int64(10), "length": np.int64(64)}, TensorProto.FLOAT),
    "float16": ([*HALVES, node("Relu", ["n"], ["y"])],
                {"x": (TensorProto.FLOAT16, [2, 8, 30])}, HALF_WEIGHTS, TensorProto.FLOAT16),
    "a sequence": ([*NORMALIZED, node("SplitToSequence", ["n", "k"], ["y"], axis=2)],
                   floats(2, 8, 30), {"k": np.int64(7), **WEIGHTS}, None),
    "text": ([node("StringNormalizer", ["x"], ["y"], case_change_action="UPPER")],
             {"x": (TensorProto.STRING, ["n"])}, {}, TensorProto.STRING),
}


@pytest.mark.parametrize("case", CASES)
def test_sizes_are_tried_until_the_model_takes_them(case, tmp_path):
    nodes, inputs, weights, output = CASES[case]
    model = save(tmp_path / "m.onnx", nodes, inputs, weights, output)
    result = run("optimize", model, tmp_path / "o.onnx", "--verify")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("verified on 3 sets of inputs\n")
    assert (tmp_path / "o.onnx").exists()


def test_random_numbers_without_a_seed_are_left_out(tmp_path):
    nodes = [node("RandomNormalLike", ["x"], ["r"]), node("Add", ["x", "r"], ["y"])]
    result = run("optimize", save(tmp_path / "m.onnx", nodes, floats(2, 3)), tmp_path / "o.onnx",
                 "--verify")
    assert result.returncode == 0, result.stderr
    assert "of 'y' only types were compared: random numbers without a seed" in result.stdout


def test_nothing_is_written_where_no_size_fits(tmp_path):
    nodes = [node("Gather", ["w", "far"], ["g"], name="fetch"), node("Add", ["x", "g"], ["y"])]
    model = save(tmp_path / "m.onnx", nodes, floats("n"),
                 {"w": weight(3), "far": np.array([9])})
    result = run("optimize", model, tmp_path / "o.onnx", "--verify")
    assert result.returncode == 1
    [line] = [line for line in result.stderr.splitlines() if "warning" not in line]
    assert "the model ran on nothing that was tried" in line
    assert "node 'fetch' (Gather on float32[3], int64[1]): index 9 is out of bounds" in line
    assert not (tmp_path / "o.onnx").exists()


def test_nothing_is_written_where_the_models_differ(tmp_path):
    """A bias that a normalization takes away again, so large that it leaves the sum no digits: one
    convolution in place of both keeps them."""
    nodes = [node("Conv", ["x", "w", "b"], ["c"]),
             node("BatchNormalization", ["c", "one", "zero", "b", "one"], ["y"])]
    weights = {"w": weight(2, 3, 3), "b": np.full(2, 1e8, "f4"), "one": np.ones(2, "f4"),
               "zero": np.zeros(2, "f4")}
    model = save(tmp_path / "m.onnx", nodes, floats("n", 3, "t"), weights)
    assert run("optimize", model, tmp_path / "trusted.onnx").returncode == 0
    result = run("optimize", model, tmp_path / "o.onnx", "--verify")
    assert result.returncode == 1
    assert "--verify: output 'y' of the optimized model differs by" in result.stderr
    assert not (tmp_path / "o.onnx").exists()


def test_inputs_may_be_files(tmp_path):
    """A model that takes neither of the random integers, 0 and 1, at one of its inputs."""
    nodes = [node("Gather", ["w", "i"], ["g"]), node("Reshape", ["x", "g"], ["y"])]
    inputs = {**floats(2, 3), "i": (TensorProto.INT64, [2])}
    model = save(tmp_path / "m.onnx", nodes, inputs, {"w": np.array([7, 9, 3, 2])})
    assert run("optimize", model, tmp_path / "o.onnx", "--verify").returncode == 1
    np.save(tmp_path / "i.npy", np.array([2, 3]))
    result = run("optimize", model, tmp_path / "o.onnx", "--verify",
                 "--input", f"i={tmp_path}/i.npy")
    assert result.returncode == 0, result.stderr


@pytest.fixture(name="scaled")
def a_model_with_a_default(tmp_path):
    nodes = [node("Mul", ["x", "w"], ["p"]), node("Reshape", ["p", "s"], ["y"])]
    inputs = {**floats(2), "w": (TensorProto.FLOAT, [2]), "s": (TensorProto.INT64, [2])}
    return save(tmp_path / "model.onnx", nodes, inputs,
                {"w": np.array([2, 3], "f4"), "s": np.array([1, 2])})


def test_a_default_may_be_given_anew(scaled, tmp_path):
    for name, array in {"x": [1.0, 10.0], "w": [5.0, 7.0]}.items():
        np.save(tmp_path / f"{name}.npy", np.array(array, "f4"))
    x = ["run", scaled, "--input", f"x={tmp_path}/x.npy", "--output", tmp_path]
    assert run(*x).returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), [[2, 30]])
    assert run(*x, "--input", f"w={tmp_path}/w.npy").returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), [[5, 70]])
    result = run(*x, "--input", f"z={tmp_path}/w.npy")
    assert result.returncode == 1
    assert "no input 'z'; its inputs are 'x', those with a default 'w', 's'" in result.stderr
    # A random one, which the default's numbers are not.
    assert run(*x, "--shape", "w=2").returncode == 0
    assert not np.array_equal(np.load(tmp_path / "y.npy"), [[2, 30]])
    assert run("bench", scaled, "--seconds", "0.01", "--input",
               f"w={tmp_path}/w.npy").returncode == 0


@pytest.mark.parametrize("inputs, expected, passes", [
    ([[1, 10]], [[2, 30]], True), ([[1, 10]], [[2, 31]], False),
    ([[1, 10], [5, 7], [2, 1]], [[5], [70]], True), ([[1, 10], [5, 7], [2, 1]], [[2], [30]], False),
    ([[1, 10], [5, 7], [2, 1], [0]], [[5], [70]], False),
])
def test_data_sets_may_hold_defaults(scaled, tmp_path, inputs, expected, passes):
    """A file for each input that must be fed, or for all in the model's order."""
    folder = tmp_path / "test_data_set_0"
    folder.mkdir()
    for k, values in enumerate(inputs):
        array = np.array(values, "i8" if k == 2 else "f4")
        (folder / f"input_{k}.pb").write_bytes(numpy_helper.from_array(array).SerializeToString())
    array = np.array(expected, "f4")
    (folder / "output_0.pb").write_bytes(numpy_helper.from_array(array).SerializeToString())
    assert (run("test", tmp_path).returncode == 0) == passes
