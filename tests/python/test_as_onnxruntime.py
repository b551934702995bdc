"""convoy.install_as_onnxruntime and python -m convoy.as_onnxruntime."""

import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import convoy
import pytest

PACKAGE = Path(importlib.util.find_spec("convoy").origin).parent.parent


def python(*arguments, cwd=None, path=()):
    """stdout of a Python that can import convoy and what lies in `path`."""
    paths = os.pathsep.join(map(str, (PACKAGE, *path)))
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True,
                          cwd=cwd, env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return done.stdout.split()


@pytest.fixture
def genuine(tmp_path):
    """A folder with another onnxruntime, of version 0.1, that has a package of tools."""
    folder = tmp_path / "genuine"
    (folder / "onnxruntime" / "tools").mkdir(parents=True)
    (folder / "onnxruntime" / "__init__.py").write_text("__version__ = '0.1'\nold = True\n")
    (folder / "onnxruntime" / "tools" / "__init__.py").write_text(
        "import onnxruntime\nsession_class = onnxruntime.InferenceSession\n")
    info = folder / "onnxruntime-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 0.1\n")
    return folder


def test_takes_the_name_and_the_version():
    version, distribution, same, found = python("-c", textwrap.dedent("""
        import convoy
        convoy.install_as_onnxruntime()
        import importlib.metadata, importlib.util, onnxruntime
        print(onnxruntime.__version__, importlib.metadata.version("onnxruntime"),
              onnxruntime.InferenceSession is convoy.InferenceSession,
              importlib.util.find_spec("onnxruntime").name)
        """))
    assert version == distribution == convoy.get_version_string()
    assert (same, found) == ("True", "onnxruntime")


def test_modules_below_are_convoys():
    assert python("-c", textwrap.dedent("""
        import convoy
        convoy.install_as_onnxruntime()
        import onnxruntime as ort
        import onnxruntime.capi.onnxruntime_inference_collection as collection
        from onnxruntime.capi import _pybind_state as C
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument
        from onnxruntime.capi._pybind_state import get_default_session_options
        from onnxruntime.capi import _ld_preload, convert_npz_to_onnx_adapter
        from onnxruntime.capi.build_and_package_info import __version__, package_name
        assert (package_name, __version__) == (ort.package_name, ort.__version__)
        assert ort.version == ort.__version__ and ort.cuda_version == "" and ort.__author__
        assert ort.onnxruntime_validation.check_distro_info() is None
        print(issubclass(convoy.InvalidInput, InvalidArgument),
              collection.InferenceSession is ort.InferenceSession, C.OrtDevice is ort.OrtDevice)
        """)) == ["True"] * 3


def test_stands_in_front_of_a_genuine_one(genuine):
    before, after, distribution, tools = python("-c", textwrap.dedent("""
        import onnxruntime
        print(onnxruntime.__version__)
        import convoy
        convoy.install_as_onnxruntime()
        import importlib.metadata, onnxruntime, onnxruntime.tools
        print(hasattr(onnxruntime, "old"), importlib.metadata.version("onnxruntime"),
              onnxruntime.tools.session_class is convoy.InferenceSession)
        """), path=[genuine])
    assert (before, after, tools) == ("0.1", "False", "True")
    assert distribution == convoy.get_version_string()


def test_exceptions_look_like_onnxruntimes(tmp_path):
    (tmp_path / "program.py").write_text(textwrap.dedent("""
        import pickle
        import numpy as np
        import onnx
        from onnx import helper as h
        import onnxruntime as ort
        def value(name, dtype, shape):
            return h.make_tensor_value_info(name, dtype, shape)
        def session(node, inputs):
            graph = h.make_graph([node], "g", inputs, [value("y", 1, None)])
            model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
            return ort.InferenceSession(model.SerializeToString())
        def say(function):
            try:
                function()
            except Exception as error:
                again = pickle.loads(pickle.dumps(error))
                kind = type(error)
                assert type(again) is kind and str(again) == str(error)
                print(f"{kind.__module__}|{kind.__name__}|{kind.__qualname__}|{error}")
        relu = session(h.make_node("Relu", ["x"], ["y"]), [value("x", 1, ["n", 3])])
        say(lambda: relu.run(None, {"x": np.ones((2, 3))}))
        say(lambda: relu.run(None, {"x": np.ones((2, 4), "f4")}))
        say(lambda: relu.run(None, {"x": np.ones(3, "f4")}))
        say(lambda: relu.run(None, {}))
        say(lambda: relu.run(["q"], {"x": np.ones((2, 3), "f4")}))
        say(lambda: ort.InferenceSession("nothing.onnx"))
        say(lambda: ort.InferenceSession(b"no model"))
        say(lambda: ort.LoraAdapter())
        big = session(h.make_node("ConstantOfShape", ["x"], ["y"]), [value("x", 7, ["k"])])
        say(lambda: big.run(None, {"x": np.array([2**46])}))
        """))
    told = " ".join(python("-m", "convoy.as_onnxruntime", tmp_path / "program.py"))
    expected = [
        ("InvalidArgument", 2, "INVALID_ARGUMENT : Unexpected input data type. "
                               "Actual: (tensor(double)) , expected: (tensor(float))"),
        ("InvalidArgument", 2, "INVALID_ARGUMENT : Got invalid dimensions for input: x"),
        ("InvalidArgument", 2, "INVALID_ARGUMENT : Invalid rank for input: x"),
        ("InvalidArgument", 2,
         "INVALID_ARGUMENT : Required inputs (['x']) are missing from input feed"),
        ("InvalidArgument", 2, "INVALID_ARGUMENT : Invalid output name:q"),
        ("NoSuchFile", 3, "NO_SUCHFILE : File doesn't exist"),
        ("InvalidProtobuf", 7, "INVALID_PROTOBUF : Protobuf parsing failed."),
        ("RuntimeException", 6, "RUNTIME_EXCEPTION : Failed to allocate memory"),
    ]
    state = "onnxruntime.capi.onnxruntime_pybind11_state"
    for name, number, words in expected:
        assert f"{state}|{name}|{name}|[ONNXRuntimeError] : {number} : {words}: " in told
    assert f"{state}|NotImplemented|NotImplemented|LoraAdapter: " in told


PROGRAM = """
    import subprocess, sys
    import onnxruntime
    code = "import onnxruntime; print(onnxruntime.InferenceSession.__module__)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    print(__name__, sys.argv[1:], sys.path[0], onnxruntime.InferenceSession.__module__,
          child.stdout.strip(), sep="|")
    """


def test_runs_a_program_and_its_children(tmp_path, genuine):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    output = " ".join(python("-m", "convoy.as_onnxruntime", program, "-x", "y", path=[genuine]))
    assert output == f"__main__|['-x', 'y']|{tmp_path}|convoy._session|convoy._session"


def test_runs_a_module(tmp_path):
    (tmp_path / "some_module.py").write_text(textwrap.dedent(PROGRAM))
    output = " ".join(python("-m", "convoy.as_onnxruntime", "-m", "some_module", "z",
                             cwd=tmp_path))
    assert output == f"__main__|['z']|{tmp_path}|convoy._session|convoy._session"


def test_tells_how_it_is_called():
    done = subprocess.run([sys.executable, "-m", "convoy.as_onnxruntime"], capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(PACKAGE)}, check=False)
    assert done.returncode == 2 and "program.py" in done.stdout


def test_public_names_are_all_there():
    for name in convoy.__all__:
        assert hasattr(convoy, name), name
