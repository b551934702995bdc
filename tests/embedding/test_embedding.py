"""An installed Convoy is found by CMake, carries what it needs, and runs from C and from C++."""

import os
import subprocess
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"


def run(*command, **options) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            env=environment, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def consumer(prefix, tmp_path_factory):
    folder = tmp_path_factory.mktemp("consumer")
    run("cmake", "-G", "Ninja", "-S", Path(__file__).parent, "-B", folder,
        f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["twice"]),
         helper.make_node("Neg", ["x"], ["minus"])],
        "embedding",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3]),
         helper.make_tensor_value_info("factor", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3])
         for name in ("twice", "minus")],
        [helper.make_tensor("factor", TensorProto.FLOAT, [1], [2.0])])
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.mark.parametrize("program", ["embed_c", "embed_cpp"])
def test_a_program_runs_a_model(consumer, model, program):
    lines = run(consumer / program, model).splitlines()
    assert [line.split() for line in lines] == [
        ["0", "2", "4", "6", "8", "10"], ["-0", "-1", "-2", "-3", "-4", "-5"],
        ["factor=10", "10"], ["0", "2", "4", "6", "8", "10"]]


@pytest.mark.parametrize("program", ["embed_c", "embed_cpp"])
def test_a_missing_model_is_an_error_with_a_message(consumer, tmp_path, program):
    missing = tmp_path / "missing.onnx"
    result = subprocess.run([consumer / program, missing], capture_output=True, text=True)
    assert result.returncode == 1
    assert "missing.onnx" in result.stderr


def test_the_library_exports_the_c_interface_and_nothing_else(prefix):
    library = next(prefix.glob("lib*/**/libconvoy.so"))
    symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
    assert "convoy_session_open" in symbols
    assert [symbol for symbol in symbols if not symbol.startswith("convoy_")] == []


def test_the_installed_command_line_needs_nothing_from_the_build_folder(prefix):
    assert (prefix / "bin" / "convoy").exists()
    path = run("readelf", "-d", prefix / "bin" / "convoy")
    assert str(ROOT) not in path
    run(prefix / "bin" / "convoy", "--help")
