"""convoy.InferenceSession, its errors and bindings, and convoy.optimize."""

import ctypes
import pickle
import threading
import time
import warnings

import convoy
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


def model_of(nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, dtype, shape) for name, dtype, shape in inputs],
        [helper.make_tensor_value_info(name, dtype, shape) for name, dtype, shape in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="module")
def scaled():
    """y = 2x + x, x of any batch and 3 columns."""
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["t"]),
        helper.make_node("Add", ["t", "x"], ["y"]),
    ]
    return model_of(
        nodes,
        [("x", TensorProto.FLOAT, ["n", 3])],
        [("y", TensorProto.FLOAT, ["n", 3])],
        [("two", np.float32(2))],
    )


def test_describes_inputs_and_outputs(scaled):
    session = convoy.InferenceSession(scaled)
    [x] = session.get_inputs()
    assert (x.name, x.type, x.shape) == ("x", "tensor(float)", ["n", 3])
    assert [output.name for output in session.get_outputs()] == ["y"]


def test_loads_paths_bytes_and_protos(scaled, tmp_path):
    onnx.save(scaled, tmp_path / "model.onnx")
    x = np.ones((1, 3), "float32")
    for source in (tmp_path / "model.onnx", str(tmp_path / "model.onnx"),
                   scaled.SerializeToString(), scaled):
        np.testing.assert_array_equal(
            convoy.InferenceSession(source).run(["y"], {"x": x})[0], 3 * x)


def test_strings_that_are_no_utf8_come_back_as_they_were_fed():
    session = convoy.InferenceSession(model_of(
        [helper.make_node("Identity", ["x"], ["y"])], [("x", TensorProto.STRING, ["n"])],
        [("y", TensorProto.STRING, ["n"])]))
    [fed] = session.run(None, {"x": np.array([b"\xff\x00a", b"b"], object)})
    assert fed.tolist() == ["\udcff\x00a", "b"]
    [again] = session.run(None, {"x": fed})
    assert again.tolist() == fed.tolist()
    with pytest.raises(convoy.InvalidInput, match="surrogate"):
        session.run(None, {"x": np.array(["\ud800"], object)})
    with pytest.raises(convoy.InvalidInput, match="no input"):
        session.run(None, {"\udcff": fed})


def test_a_level_above_warnings_silences_them(capfd):
    """Also of the sizes that a node cannot have, which the session tells while it is made."""
    misfit = model_of([helper.make_node("MatMul", ["x", "w"], ["y"])],
                      [("x", TensorProto.FLOAT, [2, 3])], [("y", TensorProto.FLOAT, [2, 5])],
                      [("w", np.ones((4, 5), "f4"))])
    convoy.InferenceSession(misfit)
    assert "types do not fit" in capfd.readouterr().err
    options = convoy.SessionOptions(log_severity_level=3)
    convoy.InferenceSession(misfit, options)
    assert capfd.readouterr().err == ""


def test_pickled_sessions_keep_the_options_of_providers(scaled):
    chosen = [("CPUExecutionProvider", {"key": "value"})]
    session = convoy.InferenceSession(scaled, providers=chosen)
    assert pickle.loads(pickle.dumps(session))._chosen == dict(chosen)
    options = convoy.SessionOptions()
    options.add_provider(*chosen[0])
    session = convoy.InferenceSession(scaled, options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pickle.loads(pickle.dumps(session))._chosen == dict(chosen)


@pytest.mark.parametrize("dtype, code", [("bfloat16", 4), ("float8_e4m3fn", 10)])
def test_types_that_numpy_lacks_go_through_dlpack(dtype, code):
    kind = getattr(pytest.importorskip("ml_dtypes"), dtype)
    for shape in ((), (0, 3), (4, 0)):
        value = convoy.OrtValue.ortvalue_from_numpy(np.ones(shape, kind))
        assert convoy.OrtValue.from_dlpack(value).shape() == list(shape)
    value = convoy.OrtValue.ortvalue_from_numpy(np.ones((2, 3), kind))
    read = ctypes.pythonapi.PyCapsule_GetPointer
    read.restype, read.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    for source in (value, value.to_dlpack()):
        back = convoy.OrtValue.from_dlpack(source)
        assert (back.data_ptr(), back.data_type()) == (value.data_ptr(), value.data_type())
        np.testing.assert_array_equal(back.numpy(), value.numpy())
    capsule = value.to_dlpack()
    tensor = read(capsule, b"dltensor")
    assert ctypes.c_void_p.from_address(tensor).value == value.data_ptr()
    assert ctypes.c_int32.from_address(tensor + 16).value == 2  # dimensions
    assert ctypes.c_uint8.from_address(tensor + 20).value == code
    assert ctypes.c_uint8.from_address(tensor + 21).value == 8 * value.numpy().itemsize


@pytest.mark.parametrize("arrange", [
    lambda x: x[::2], lambda x: x[::-1], lambda x: np.asfortranarray(x), lambda x: x[1:1]])
def test_takes_arrays_however_they_lie(scaled, arrange):
    x = arrange(np.arange(24, dtype="float32").reshape(8, 3))
    [y] = convoy.InferenceSession(scaled).run(None, {"x": x})
    np.testing.assert_array_equal(y, 3 * x)


def test_results_outlive_the_session(scaled):
    session = convoy.InferenceSession(scaled)
    results = [session.run(None, {"x": np.full((2, 3), i, "float32")})[0] for i in range(5)]
    del session
    for i, y in enumerate(results):
        np.testing.assert_array_equal(y, np.full((2, 3), 3 * i))


@pytest.mark.parametrize("feeds, error, words", [
    ({}, convoy.InvalidInput, "input 'x' (float32[n,3]) is missing"),
    ({"z": np.zeros((1, 3), "float32")}, convoy.InvalidInput, "no input 'z'"),
    ({"x": np.zeros((1, 4), "float32")}, convoy.InvalidInput, "got float32[1,4]"),
    ({"x": np.zeros((1, 3))}, convoy.InvalidInput, "got float64[1,3]"),
])
def test_wrong_feeds_are_named(scaled, feeds, error, words):
    with pytest.raises(error) as raised:
        convoy.InferenceSession(scaled).run(None, feeds)
    assert words in str(raised.value)


def test_errors_tell_models_from_operators(scaled):
    with pytest.raises(convoy.InvalidModel):
        convoy.InferenceSession(b"no model")
    unknown = model_of([helper.make_node("Frobnicate", ["x"], ["y"], domain="some.where")],
                       [("x", TensorProto.FLOAT, [1])], [("y", TensorProto.FLOAT, [1])])
    unknown.opset_import.append(helper.make_opsetid("some.where", 1))
    with pytest.raises(convoy.Unsupported, match="Frobnicate"):
        convoy.InferenceSession(unknown)
    assert issubclass(convoy.Unsupported, convoy.Error)


@pytest.fixture(scope="module")
def slow():
    """A product that takes long enough to be caught at it."""
    weights = np.full((1024, 1024), 1 / 1024, "float32")
    nodes = [helper.make_node("MatMul", [f"v{i}", "w"], [f"v{i + 1}"]) for i in range(8)]
    return model_of(nodes, [("v0", TensorProto.FLOAT, ["n", 1024])],
                    [("v8", TensorProto.FLOAT, ["n", 1024])], [("w", weights)])


def test_run_releases_the_gil(slow):
    session = convoy.InferenceSession(slow, threads=1)
    x = np.ones((512, 1024), "float32")
    session.run(None, {"v0": x})
    counted = 0
    worker = threading.Thread(target=session.run, args=(None, {"v0": x}))
    worker.start()
    while worker.is_alive():
        counted += 1
        time.sleep(0)
    assert counted > 10


def test_threads_share_a_session(slow):
    session = convoy.InferenceSession(slow, threads=1)
    inputs = [np.random.default_rng(i).standard_normal((i + 1, 1024)).astype("float32")
              for i in range(4)]
    expected = [session.run(None, {"v0": x})[0] for x in inputs]
    wrong = []

    def work(i):
        for _ in range(5):
            if not np.array_equal(session.run(None, {"v0": inputs[i]})[0], expected[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_binding_reads_and_writes_in_place(scaled):
    session = convoy.InferenceSession(scaled)
    x = np.ones((2, 3), "float32")
    y = np.zeros((2, 3), "float32")
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", y)
    session.run_with_iobinding(binding)
    np.testing.assert_array_equal(y, 3 * x)
    x[:] = 5
    session.run_with_iobinding(binding)
    np.testing.assert_array_equal(y, np.full((2, 3), 15))
    assert binding.copy_outputs_to_cpu()[0] is y


def test_binding_allocates_what_is_not_bound(scaled):
    session = convoy.InferenceSession(scaled)
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.ones((4, 3), "float32"))
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    np.testing.assert_array_equal(binding.copy_outputs_to_cpu()[0], np.full((4, 3), 3))


def test_binding_refuses_what_does_not_fit(scaled):
    session = convoy.InferenceSession(scaled)
    binding = session.io_binding()
    with pytest.raises(convoy.InvalidInput, match="no input 'z'"):
        binding.bind_cpu_input("z", np.ones((2, 3), "float32"))
    with pytest.raises(convoy.InvalidInput, match="not contiguous"):
        binding.bind_output("y", np.ones((4, 6), "float32")[::2, ::2])
    fixed = np.ones((2, 3), "float32")
    fixed.flags.writeable = False
    with pytest.raises(convoy.InvalidInput, match="writeable"):
        binding.bind_output("y", fixed)
    with pytest.raises(convoy.InvalidInput, match="byte order"):
        binding.bind_output("y", np.ones((2, 3), ">f4"))
    binding.bind_cpu_input("x", np.ones((2, 3), "float32"))
    binding.bind_output("y", np.ones((9, 3), "float32"))
    with pytest.raises(convoy.InvalidInput, match="is bound to it"):
        session.run_with_iobinding(binding)


def test_optimize_gives_what_it_was_given(scaled):
    as_proto, report = convoy.optimize(scaled)
    assert isinstance(as_proto, onnx.ModelProto) and "nodes" in report
    as_bytes, _ = convoy.optimize(scaled.SerializeToString(), target="any")
    x = np.ones((1, 3), "float32")
    for model in (as_proto, as_bytes):
        np.testing.assert_array_equal(
            convoy.InferenceSession(model).run(None, {"x": x})[0], 3 * x)
