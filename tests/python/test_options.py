"""What Convoy does beside what onnxruntime does: options, feeds, pickles, what it has not."""

import copy
import importlib.util
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

import convoy
import numpy as np
import pytest
from convoy import _logging
from onnx import TensorProto, helper, numpy_helper

PACKAGE = str(Path(importlib.util.find_spec("convoy").origin).parent.parent)


def identity(dtype, shape, ir=9):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", dtype, shape)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=ir)


@pytest.fixture
def floats():
    return identity(TensorProto.FLOAT, ["n"]).SerializeToString()


def test_what_does_not_apply_is_logged_once(caplog):
    _logging._said.clear()
    with caplog.at_level(logging.INFO, logger="convoy"):
        for _ in range(3):
            options = convoy.SessionOptions()
            options.enable_mem_pattern = False
            options.intra_op_num_threads = 1
            options.add_session_config_entry("session.some_key", "1")
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "SessionOptions.enable_mem_pattern" in said[0] and "session.some_key" in said[1]


def test_providers_that_are_not_here_are_told(floats):
    with pytest.warns(UserWarning, match="Specified provider 'TensorrtExecutionProvider' "
                      "is not in available provider names"):
        session = convoy.InferenceSession(
            floats, providers=["TensorrtExecutionProvider", "CPUExecutionProvider"])
    assert session.get_providers() == ["CPUExecutionProvider"]
    with pytest.warns(UserWarning, match="neither a name nor"):
        convoy.InferenceSession(floats, providers=[3])


def test_fields_may_be_keywords():
    options = convoy.SessionOptions(intra_op_num_threads=3, memory_limit=1 << 20)
    assert (options.intra_op_num_threads, options.memory_limit) == (3, 1 << 20)
    with pytest.raises(AttributeError, match="inter_op_threads"):
        convoy.SessionOptions(inter_op_threads=3)


def test_options_of_onnxruntimes_shape_apply(floats):
    class Foreign:
        intra_op_num_threads = 1
        logid = "theirs"

    session = convoy.InferenceSession(floats, Foreign())
    assert session._session.threads == 1
    assert session.get_session_options().logid == "theirs"


def test_no_optimization_runs_the_graph_as_it_is(floats):
    options = convoy.SessionOptions()
    options.graph_optimization_level = convoy.GraphOptimizationLevel.ORT_DISABLE_ALL
    assert convoy.InferenceSession(floats, options).run(None, {"x": np.ones(1, "f4")})[0] == [1]
    options.graph_optimization_level = 0
    assert options.graph_optimization_level.name == "ORT_DISABLE_ALL"


def test_a_negative_size_is_an_error(floats):
    options = convoy.SessionOptions()
    options.add_free_dimension_override_by_name("n", -2)
    with pytest.raises(convoy.InvalidInput, match="-2"):
        convoy.InferenceSession(floats, options)


def test_libraries_of_operators_are_not_loaded(tmp_path, floats):
    library = tmp_path / "operators.so"
    library.write_bytes(b"")
    options = convoy.SessionOptions()
    with pytest.warns(UserWarning, match="onnxruntime's C interface"):
        options.register_custom_ops_library(str(library))
    convoy.InferenceSession(floats, options)


def test_the_format_of_onnxruntime_is_not_written(tmp_path, floats):
    options = convoy.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "model.ort")
    with pytest.raises(convoy.Unsupported, match="written as ONNX"):
        convoy.InferenceSession(floats, options)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    convoy.InferenceSession(floats, options)
    convoy.InferenceSession(tmp_path / "model.ort")
    options.optimized_model_filepath = str(tmp_path / "model.onnx")
    options.add_session_config_entry("session.save_model_format", "ORT")
    with pytest.raises(convoy.Unsupported, match="written as ONNX"):
        convoy.InferenceSession(floats, options)


def test_models_of_the_format_of_onnxruntime_are_named():
    with pytest.raises(convoy.Unsupported, match=r"\.ort"):
        convoy.InferenceSession(b"\x20\0\0\0ORTM and so on")


def test_initializers_that_the_model_has_not(floats):
    options = convoy.SessionOptions()
    options.add_initializer("w", convoy.OrtValue.ortvalue_from_numpy(np.ones(1, "f4")))
    with pytest.raises(convoy.InvalidInput, match="no initializer 'w'"):
        convoy.InferenceSession(floats, options)


def test_files_of_external_data_in_memory():
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])], "g",
        [helper.make_tensor_value_info("x", 1, [2])], [helper.make_tensor_value_info("y", 1, [2])],
        [numpy_helper.from_array(np.zeros(2, "f4"), "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "w.bin"
    options = convoy.SessionOptions()
    options.add_external_initializers_from_files_in_memory(
        ["w.bin"], [np.array([3, 4], "f4").tobytes()], [8])
    session = convoy.InferenceSession(model, options)
    assert session.run(None, {"x": np.zeros(2, "f4")})[0].tolist() == [3, 4]


@pytest.mark.parametrize("number", [3, 3.5, np.float32(3.5), np.array(3.5, "f4"), True])
def test_numbers_as_tensors_of_no_dimension(number):
    session = convoy.InferenceSession(identity(TensorProto.FLOAT, []))
    [y] = session.run(None, {"x": number})
    assert y.shape == () and y.dtype == np.float32 and y == np.float32(number)


@pytest.mark.parametrize("values, fit", [([1.0, -2.0], True), ([1.5], False), ([300], False),
                                         ([127, -128], True), (["1"], False), ([True], True)])
def test_lists_become_integers_only_without_loss(values, fit):
    session = convoy.InferenceSession(identity(TensorProto.INT8, ["n"]))
    if fit:
        assert session.run(None, {"x": values})[0].tolist() == [int(value) for value in values]
    else:
        with pytest.raises(convoy.InvalidInput, match="cannot become int8"):
            session.run(None, {"x": values})


def test_bfloat16_goes_in_and_out_as_a_value():
    session = convoy.InferenceSession(identity(TensorProto.BFLOAT16, [2]))
    bits = np.array([0x3F80, 0x4000], "u2")
    value = convoy.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, TensorProto.BFLOAT16)
    [result] = session.run_with_ort_values(None, {"x": value})
    assert result.numpy().astype("f4").tolist() == [1, 2]
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", value)
    output = convoy.OrtValue.ortvalue_from_shape_and_type([2], TensorProto.BFLOAT16)
    binding.bind_ortvalue_output("y", output)
    session.run_with_iobinding(binding)
    assert output.numpy().astype("f4").tolist() == [1, 2]


def test_messages_name_the_input_and_both_types(floats):
    session = convoy.InferenceSession(floats)
    with pytest.raises(convoy.InvalidInput) as error:
        session.run(None, {"x": np.ones((2, 2))})
    assert str(error.value) == "input 'x' must be float32[n], got float64[2,2]"
    with pytest.raises(convoy.InvalidInput, match="input 'x': a list that is no array"):
        session.run(None, {"x": [np.ones(2), "a"]})


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_sessions_are_copied_and_pickled(tmp_path, floats, duplicate):
    (tmp_path / "model.onnx").write_bytes(floats)
    options = convoy.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_free_dimension_override_by_name("n", 2)
    for source in (floats, tmp_path / "model.onnx"):
        again = duplicate(convoy.InferenceSession(source, options, ["CPUExecutionProvider"]))
        assert again.get_session_options().intra_op_num_threads == 1
        assert again.get_inputs()[0].shape == [2]
        assert again.run(None, {"x": [3, 4]})[0].tolist() == [3, 4]


def test_outputs_before_a_run_are_an_error(floats):
    binding = convoy.InferenceSession(floats).io_binding()
    binding.bind_output("y")
    for call in (binding.get_outputs, binding.copy_outputs_to_cpu):
        with pytest.raises(convoy.InvalidInput, match="before a run"):
            call()


def test_memory_that_is_bound_and_forgotten_is_not_written(floats):
    session = convoy.InferenceSession(floats)
    y = np.zeros(2, "f4")
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ones(2, "f4"))
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    assert y.tolist() == [0, 0] and binding.copy_outputs_to_cpu()[0].tolist() == [1, 1]


def test_wrong_memory_is_refused(floats):
    binding = convoy.InferenceSession(floats).io_binding()
    with pytest.raises(convoy.InvalidInput, match="null pointer"):
        binding.bind_input("x", "cpu", 0, np.float32, [2], 0)
    with pytest.raises(convoy.InvalidInput, match="-2"):
        binding.bind_output("y", "cpu", 0, np.float32, [-2], 16)
    with pytest.raises(convoy.InvalidInput):
        binding.bind_output("y", "cpu", 0, np.float32, [2**40, 2**40], 16)
    with pytest.raises(convoy.Unsupported, match="CPU only"):
        binding.bind_output("y", "cuda", 0, np.float32, [2], 16)
    with pytest.raises(convoy.InvalidInput, match="nowhere"):
        binding.bind_output("y", "nowhere")


def test_what_is_not_here_says_so():
    for name in ("LoraAdapter", "ModelCompiler", "ModelPackage", "SparseTensor"):
        with pytest.raises(convoy.Unsupported, match="not in Convoy"):
            getattr(convoy, name)()
    with pytest.raises(convoy.Unsupported):
        convoy.register_execution_provider_library("name", "path")
    with pytest.raises(convoy.Unsupported):
        convoy.SparseTensor.sparse_coo_from_numpy([2], np.ones(1), np.zeros(1), None)


def test_errors_are_kinds_of_onnxruntimes():
    from convoy.capi import onnxruntime_pybind11_state as state

    assert issubclass(convoy.MissingFile, state.NoSuchFile)
    assert issubclass(convoy.NotAModel, state.InvalidProtobuf)
    assert issubclass(convoy.InvalidModel, state.InvalidGraph)
    assert not issubclass(convoy.InvalidModel, state.InvalidProtobuf)
    assert issubclass(convoy.Unsupported, state.NotImplemented)
    assert issubclass(convoy.Terminated, state.Fail)
    assert issubclass(convoy.InvalidInput, state.InvalidArgument)


def test_warnings_are_shown_by_severity(capfd):
    graph = identity(TensorProto.FLOAT, ["n"])
    graph.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    source = graph.SerializeToString()
    try:
        convoy.set_default_logger_severity(3)
        convoy.InferenceSession(source)
        assert capfd.readouterr().err == ""
        convoy.set_default_logger_severity(2)
        convoy.InferenceSession(source)
        assert "types do not fit" in capfd.readouterr().err
    finally:
        convoy.set_default_logger_severity(2)


def map_model(type_proto):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g",
        [helper.make_value_info("x", type_proto)], [helper.make_value_info("y", type_proto)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


NUMBERS = helper.make_map_type_proto(TensorProto.INT64,
                                     helper.make_tensor_type_proto(TensorProto.FLOAT, []))
WORDS = helper.make_map_type_proto(TensorProto.STRING,
                                   helper.make_tensor_type_proto(TensorProto.STRING, []))
ROWS = helper.make_sequence_type_proto(NUMBERS)


@pytest.mark.parametrize("type_proto, spelled, value", [
    (NUMBERS, "map(int64,tensor(float))", {1: 2.5, -3: 4.0}),
    (NUMBERS, "map(int64,tensor(float))", {}),
    (WORDS, "map(string,tensor(string))", {"a": "b", "ü": ""}),
    (ROWS, "seq(map(int64,tensor(float)))", [{1: 2.5}, {4: 1.0, 2: 0.0}]),
    (ROWS, "seq(map(int64,tensor(float)))", []),
])
def test_maps_are_dicts(type_proto, spelled, value):
    session = convoy.InferenceSession(map_model(type_proto))
    assert session.get_inputs()[0].type == spelled and session.get_inputs()[0].shape == []
    [result] = session.run(None, {"x": value})
    assert result == value and type(result) is type(value)
    [held] = session.run_with_ort_values(None, {"x": value})
    assert (held.data_type(), held.is_tensor(), held.has_value()) == (spelled, False, True)


@pytest.mark.parametrize("type_proto, value, words", [
    (NUMBERS, {"a": 1.0}, "keys of a map are strings, expected int64"),
    (NUMBERS, {1: "a"}, "values of a map are string, expected float32"),
    (NUMBERS, {1: [1, 2]}, "not all strings or all numbers"),
    (WORDS, {1: "b"}, "keys of a map are integers, expected string"),
    (NUMBERS, np.ones(2), "must be map"),
    (ROWS, {1: 2.0}, "must be sequence"),
])
def test_maps_that_do_not_fit(type_proto, value, words):
    session = convoy.InferenceSession(map_model(type_proto))
    with pytest.raises(convoy.InvalidInput, match=words) as error:
        session.run(None, {"x": value})
    assert "input 'x'" in str(error.value)


def test_sessions_of_a_class_derived_are_pickled_as_such(floats):
    again = pickle.loads(pickle.dumps(DerivedSession(floats, "mine")))
    assert type(again) is DerivedSession and again.label == "mine"
    assert again.run(None, {"x": [1]})[0].tolist() == [1]


class DerivedSession(convoy.InferenceSession):
    def __init__(self, model, label):
        super().__init__(model, providers=["CPUExecutionProvider"])
        self.label = label


def test_runs_over_bindings_are_profiled(tmp_path, floats):
    options = convoy.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "profile")
    session = convoy.InferenceSession(floats, options)
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ones(1, "f4"))
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    text = (tmp_path / session.end_profiling()).read_text()
    assert text.count('"model_run"') == 1


def test_a_profile_that_cannot_be_written_is_an_error(floats):
    options = convoy.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = "no/such/folder/profile"
    session = convoy.InferenceSession(floats, options)
    with pytest.raises(convoy.InvalidInput, match="cannot be written"):
        session.end_profiling()


def test_terminate_stops_runs_over_bindings(floats):
    session = convoy.InferenceSession(floats)
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ones(1, "f4"))
    binding.bind_output("y")
    options = convoy.RunOptions()
    options.terminate = True
    with pytest.raises(convoy.Terminated):
        session.run_with_iobinding(binding, options)
    options.terminate = False
    session.run_with_iobinding(binding, options)
    assert binding.copy_outputs_to_cpu()[0].tolist() == [1]


ENDING = """
import sys, threading, time
sys.path.insert(0, {scripts!r})
import models, convoy, numpy as np
session = convoy.InferenceSession(models.{model}().SerializeToString(), threads=2)
x = np.ones({shape}, "f4")
def work():
    while True:
        session.run(None, {{"x": x}})
threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
print("ends")
"""


@pytest.mark.parametrize("model, shape", [("quantized", (300, 8)), ("endless_loop", (1,))])
def test_a_process_ends_while_a_daemon_thread_runs(model, shape):
    scripts = str(Path(__file__).parent / "peer_scripts")
    code = ENDING.format(scripts=scripts, model=model, shape=shape)
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": PACKAGE}, timeout=60, check=False)
        assert (done.returncode, done.stdout.strip()) == (0, "ends"), done.stderr


def test_a_process_waits_for_runs_in_the_background(floats, tmp_path):
    (tmp_path / "model.onnx").write_bytes(floats)
    code = (f"import convoy, numpy\n"
            f"session = convoy.InferenceSession({str(tmp_path / 'model.onnx')!r})\n"
            "session.run_async(None, {'x': numpy.ones(1, 'f4')},"
            " lambda results, data, error: print(results[0], data, repr(error)), 'data')\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": PACKAGE}, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[1.] data ''"), done.stderr
