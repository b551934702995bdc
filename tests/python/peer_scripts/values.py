"""OrtValue and OrtDevice."""

import numpy as np
from cases import case, raised
from sessions import open_model

X = np.arange(6, dtype="f4").reshape(2, 3)


def facts(value):
    return [value.shape(), value.data_type(), value.element_type(), value.is_tensor(),
            value.is_tensor_sequence(), value.is_sparse_tensor(), value.has_value(),
            value.device_name(), value.numpy()]


@case
def values_from_arrays(ort, folder):
    make = ort.OrtValue.ortvalue_from_numpy
    return [facts(make(X)), facts(make(X.T)), facts(make(X.astype("i8"), "cpu", 0)),
            facts(make(np.array(3.5))), facts(make(np.zeros((0, 2), "u1"))),
            facts(make(np.array([True]), device_type="cpu", device_id=0))]


@case
def values_share_memory(ort, folder):
    x = X.copy()
    value = ort.OrtValue.ortvalue_from_numpy(x)
    x[0, 0] = 7
    return [value.data_ptr() == x.ctypes.data, value.numpy(), np.shares_memory(value.numpy(), x)]


@case
def values_from_shapes(ort, folder):
    make = ort.OrtValue.ortvalue_from_shape_and_type
    made = [make([2, 3], np.float32), make((4,), np.int64, "cpu", 0), make([0, 1], np.dtype("u1")),
            make([1], "float64"), make([2], 16), make([2, 2], 10), make([], np.bool_)]
    return [[value.shape(), value.data_type(), value.element_type()] for value in made]


@case
def values_of_types_that_numpy_lacks(ort, folder):
    bits = np.array([0x3F80, 0x4000], "u2")
    value = ort.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, 16)
    session = open_model(ort, folder, "bfloat16")
    [result] = session.run_with_ort_values(None, {"x": value})
    return [value.data_type(), value.shape(), result.data_type(), result.shape()]


@case
def values_that_cannot_be(ort, folder):
    make = ort.OrtValue.ortvalue_from_numpy
    from_shape = ort.OrtValue.ortvalue_from_shape_and_type
    return [raised(lambda: make([1, 2])), raised(lambda: make(X, "nowhere", 0)),
            raised(lambda: make(X, "cuda", 0)), raised(lambda: from_shape([-1], np.float32)),
            raised(lambda: from_shape([1], np.str_))]


@case
def values_updated(ort, folder):
    value = ort.OrtValue.ortvalue_from_shape_and_type([2, 3], np.float32)
    value.update_inplace(X)
    before = value.numpy().copy()
    value.update_inplace(np.ones((2, 3), "f4"))
    after = value.numpy().copy()
    value.update_inplace(data=X.reshape(3, 2))
    return [before, after, value.numpy(), raised(lambda: value.update_inplace(X[:1])),
            raised(lambda: value.update_inplace(np.ones((4, 4), "f4")))]


@case
def values_through_dlpack(ort, folder):
    value = ort.OrtValue.ortvalue_from_numpy(X)
    back = np.from_dlpack(value)
    return [back, np.shares_memory(back, X),
            ort.OrtValue.from_dlpack(X.__dlpack__()).numpy(), list(value.__dlpack_device__())]


@case
def values_through_dlpack_of_other_kinds(ort, folder):
    import importlib

    state = importlib.import_module(f"{ort.__name__}.capi._pybind_state")
    value = ort.OrtValue.ortvalue_from_numpy(X)
    capsule = value._ortvalue.to_dlpack()
    back = state.OrtValue.from_dlpack(capsule)
    empty = [ort.OrtValue.from_dlpack(np.zeros(shape, "f4").__dlpack__()).shape()
             for shape in ((0,), (1, 8, 0, 2), (4, 0))]
    booleans = ort.OrtValue.ortvalue_from_numpy(np.array([True, False]))
    return [back.data_ptr() == value.data_ptr(), back.numpy(),
            empty, ort.OrtValue.from_dlpack(booleans).numpy(),
            ort.OrtValue.from_dlpack(X).numpy()]


@case
def values_as_arrays(ort, folder):
    value = ort.OrtValue.ortvalue_from_numpy(X)
    return [np.asarray(value), np.asarray(value).ctypes.data == value.data_ptr(),
            np.asarray(value, np.float64), np.array(value), value.tensor_size_in_bytes()]


@case
def values_and_bindings_of_the_native_module(ort, folder):
    import importlib

    state = importlib.import_module(f"{ort.__name__}.capi._pybind_state")
    device = state.OrtDevice(state.OrtDevice.cpu(), state.OrtDevice.default_memory(), 0)
    session = open_model(ort, folder, "vector")
    binding = state.SessionIOBinding(session._sess)
    x = np.array([1, 2], "f4")
    binding.bind_ortvalue_input("x", state.OrtValue.ortvalue_from_numpy(x, device))
    binding.bind_output("y", device)
    session._sess.run_with_iobinding(binding, None)
    return binding.get_outputs()[0].numpy()


@case
def places_of_memory(ort, folder):
    info = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0,
                             ort.OrtMemType.DEFAULT)
    second = ort.OrtMemoryInfo.create_v2(
        "Test", ort.OrtMemoryInfoDeviceType.CPU, 0, 0, ort.OrtDeviceMemoryType.DEFAULT, 128,
        ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR)
    arenas = [ort.OrtArenaCfg(8, 0, 4, 2), ort.OrtArenaCfg({
        "max_mem": 16, "arena_extend_strategy": 1, "initial_chunk_size_bytes": 8,
        "max_dead_bytes_per_chunk": 4, "initial_growth_chunk_size_bytes": 2})]
    ort.create_and_register_allocator(info, None)
    return [[[i.name, i.device_id, i.mem_type.name, i.allocator_type.name, i.device_mem_type.name,
              i.device_vendor_id] for i in (info, second)],
            [[a.max_mem, a.arena_extend_strategy, a.initial_chunk_size_bytes,
              a.max_dead_bytes_per_chunk] for a in arenas]]


@case
def values_in_and_out_of_runs(ort, folder):
    session = open_model(ort, folder, "two_outputs")
    value = ort.OrtValue.ortvalue_from_numpy(np.array([[1, -2, 0, 3]], "f4"))
    return [[facts(v) for v in session.run_with_ort_values(names, {"x": value})]
            for names in (None, [], ["i"], ["i", "y"])]


@case
def values_that_are_sequences(ort, folder):
    session = open_model(ort, folder, "construct")
    [value] = session.run_with_ort_values(None, {"x": ort.OrtValue.ortvalue_from_numpy(X)})
    return [value.is_tensor(), value.is_tensor_sequence(), value.data_type(), value.has_value(),
            raised(value.numpy), raised(value.shape)]


@case
def runs_of_values_that_fail(ort, folder):
    session = open_model(ort, folder, "described")
    make = ort.OrtValue.ortvalue_from_numpy
    return [raised(lambda: session.run_with_ort_values(None, {})),
            raised(lambda: session.run_with_ort_values(None, {"x": make(X), "z": make(X)})),
            raised(lambda: session.run_with_ort_values(None, {"x": make(X.astype("f8"))})),
            raised(lambda: session.run_with_ort_values(["q"], {"x": make(X)}))]


@case
def devices(ort, folder):
    make = ort.OrtDevice.make
    return [[make("cpu", 0).device_type(), make("cpu", 0).device_id()],
            [make("cuda", 1).device_type(), make("cuda", 1).device_id()],
            [int(make("cpu", 0).device_vendor_id()), make("cpu", 0).device_mem_type()],
            int(make("cuda", 0).device_vendor_id()), raised(lambda: make("nowhere", 0))]
