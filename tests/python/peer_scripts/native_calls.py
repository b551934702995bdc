"""What programs call of onnxruntime's native module."""

import importlib

import numpy as np
from cases import case, raised
from sessions import X, described, open_model


def native(ort):
    return importlib.import_module(f"{ort.__name__}.capi._pybind_state")


def cpu(ort):
    state = native(ort)
    return state.OrtDevice(state.OrtDevice.cpu(), state.OrtDevice.default_memory(), 0)


@case
def native_bindings(ort, folder):
    session = open_model(ort, folder, "vector")
    binding = native(ort).SessionIOBinding(session._sess)
    x, y = np.array([1, 2], "f4"), np.zeros(2, "f4")
    binding.bind_input("x", cpu(ort), np.float32, [2], x.ctypes.data)
    binding.bind_output("y", cpu(ort), np.float32, [2], y.ctypes.data)
    session._sess.run_with_iobinding(binding, None)
    first = y.copy()
    binding.bind_input("x", np.array([3, 4, 5], "f4"))
    binding.bind_output("y", cpu(ort))
    session._sess.run_with_iobinding(binding, ort.RunOptions())
    return [first, binding.get_outputs()[0].numpy(), type(binding.get_outputs()).__name__]


@case
def native_bindings_below(ort, folder):
    session = open_model(ort, folder, "vector")
    binding = session.io_binding()
    value = ort.OrtValue.ortvalue_from_numpy(np.array([1, 2], "f4"))
    binding.bind_ortvalue_input("x", value)
    binding._iobinding.bind_output("y", cpu(ort))
    session.run_with_iobinding(binding, ort.RunOptions())
    first = binding.get_outputs()[0].numpy()
    inner = session.io_binding()._iobinding
    inner.bind_ortvalue_input("x", value._ortvalue)
    inner.bind_output("y", cpu(ort))
    session._sess.run_with_iobinding(inner, None)
    return [first, [output.numpy() for output in inner.get_outputs()]]


@case
def outputs_bound_to_devices_that_are_not_here(ort, folder):
    session = open_model(ort, folder, "vector")
    binding = session.io_binding()
    binding.bind_cpu_input("x", np.array([1, 2], "f4"))
    binding.bind_output("y", "cuda")
    session.run_with_iobinding(binding)
    return [binding.copy_outputs_to_cpu(), binding.get_outputs()[0].device_name(),
            "raised" in raised(lambda: binding.bind_output("y", "nowhere"))]


@case
def values_made_of_values(ort, folder):
    value = ort.OrtValue.ortvalue_from_numpy(X)
    session = open_model(ort, folder, "described")
    inner = session._sess.run_with_ort_values({"x": value._ortvalue}, ["y"], None)
    state = native(ort)
    return [ort.OrtValue(value._ortvalue).numpy(), ort.OrtValue(value._ortvalue, X).shape(),
            ort.OrtValue(inner[0]).numpy(),
            ort.OrtValue(state.OrtValue.from_dlpack(X.__dlpack__())).numpy(),
            raised(lambda: ort.OrtValue(X))]


@case
def vectors_of_values(ort, folder):
    state = native(ort)
    session = open_model(ort, folder, "described")
    feeds, fetches = state.OrtValueVector(), state.OrtValueVector()
    feeds.reserve(1)
    feeds.push_back_batch([X], [X.ctypes.data], [np.float32], [X.shape], [cpu(ort)])
    session.run_with_ortvaluevector(ort.RunOptions(), ["x"], feeds, ["y"], fetches, [cpu(ort)])
    fetches.shrink_to_fit()
    return [feeds[0].numpy(), len(fetches), fetches[0].numpy(), feeds.element_type_at(0),
            len(fetches.to_dlpacks(None)), type(fetches.dlpack_at(0)).__name__,
            raised(lambda: feeds.push_back_batch([X], [0], [np.float32], [[1]], [cpu(ort)]))]


@case
def native_sessions(ort, folder):
    state = native(ort)
    path = folder / "described.onnx"
    results = []
    for arguments in ((str(path), True, False), (path.read_bytes(), False, False)):
        session = state.InferenceSession(state.get_default_session_options(), *arguments)
        session.initialize_session(["CPUExecutionProvider"], [{}], set())
        results.append([described(session.inputs_meta), session.run(["y"], {"x": X}, None),
                        session.get_providers()])
    return results


@case
def bfloat16_through_dlpack(ort, folder):
    bits = np.array([0x3F80, 0x4000], "u2")
    value = ort.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, 16)
    return [type(value.__dlpack__()).__name__, list(value.__dlpack_device__()),
            type(value._get_c_value().to_dlpack()).__name__]
