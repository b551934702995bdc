"""What the module itself has: functions, the log, names that programs import."""

import importlib

import numpy as np
from cases import case, raised
from sessions import open_model


@case
def functions_of_the_module(ort, folder):
    return [ort.get_device(), "CPUExecutionProvider" in ort.get_available_providers(),
            ort.get_all_providers(), ort.has_collective_ops(), type(ort.get_build_info()).__name__,
            ort.get_version_string().count("."), type(ort.__version__).__name__,
            ort.disable_telemetry_events(), ort.enable_telemetry_events(), ort.set_seed(1),
            "Build Info" in ort.get_build_info(),
            ort.set_default_logger_severity(3), ort.set_default_logger_verbosity(0)]


@case
def callbacks_of_the_log(ort, folder):
    said = []
    ort.set_default_logger_callback(lambda *record: said.append(record), severity=0)
    open_model(ort, folder, "mul")
    ort.set_default_logger_callback(None)
    ort.set_default_logger_severity(2)

    def broken(*record):
        raise ValueError("on purpose")

    ort.set_default_logger_callback(broken, severity=0)
    result = open_model(ort, folder, "mul").run(None, {"x": np.ones((3, 2), "f4")})
    ort.set_default_logger_callback(None)
    return [len(said) > 0, [type(part).__name__ for part in said[0]], result,
            raised(lambda: ort.set_default_logger_callback("no function")),
            raised(lambda: ort.set_default_logger_callback(broken, severity=5)),
            raised(lambda: ort.set_default_logger_callback(broken, severity=-1))]


@case
def seeds_of_random_numbers(ort, folder):
    x = {"x": np.ones(4, "f4")}

    def draws(seed):
        ort.set_seed(seed)
        session = open_model(ort, folder, "random_numbers")
        return [session.run(None, x), session.run(None, x)]

    first, again, other = draws(7), draws(np.int64(7)), draws(8)
    [[y, z], [second, _]] = first
    return [np.array_equal(first, again), np.array_equal(first, other), np.array_equal(y, z),
            np.array_equal(y, second), raised(lambda: ort.set_seed("7"))]


@case
def numbers_of_numpy_for_the_log(ort, folder):
    return [ort.set_default_logger_severity(np.int64(3)),
            ort.set_default_logger_verbosity(np.int64(0))]


@case
def logger_severities_that_are_none(ort, folder):
    return [raised(lambda: ort.set_default_logger_severity(5)),
            raised(lambda: ort.set_default_logger_severity(-1)),
            raised(lambda: ort.set_default_logger_severity("verbose"))]


@case
def arguments_for_providers_normalized(ort, folder):
    module = importlib.import_module(f"{ort.__name__}.capi.onnxruntime_inference_collection")
    check = module.check_and_normalize_provider_args
    known = ["a", "b", "c"]
    good = [(None, None), (["a"], None), (["a", "b"], None), ([("a", {1: 2}), "b"], None),
            (["a", "b"], [{1: 2}, {}]), (["a", "b", "a"], [{"x": 1}, {}, {"y": 2}]),
            (["nothing"], None)]
    bad = [(3, None), ([3], None), (["a"], 3), (["a"], ["none"]), (["a", "b"], [{1: 2}]),
           ([("a", {1: 2})], [{3: 4}])]
    return [[check(names, options, known) for names, options in good],
            ["raised" in raised(lambda n=names, o=options: check(n, o, known))
             for names, options in bad]]


@case
def names_that_programs_import(ort, folder):
    state = importlib.import_module(f"{ort.__name__}.capi.onnxruntime_pybind11_state")
    names = ["InferenceSession", "SessionOptions", "RunOptions", "OrtValue", "OrtDevice",
             "IOBinding", "SparseTensor", "NodeArg", "ModelMetadata", "GraphOptimizationLevel",
             "ExecutionMode", "ExecutionOrder", "OrtAllocatorType", "OrtArenaCfg", "OrtMemType",
             "OrtMemoryInfo", "SessionIOBinding", "LoraAdapter", "AdapterFormat",
             "get_available_providers", "create_and_register_allocator", "preload_dlls",
             "OrtCompileApiFlags", "ModelPackageWriteMode", "OrtEpContextData",
             "OrtEpContextDataBuffer", "set_default_logger_severity",
             "set_global_thread_pool_sizes", "copy_tensors"]
    of_state = ["Fail", "InvalidArgument", "NoSuchFile", "NoModel", "EngineError",
                "RuntimeException", "InvalidProtobuf", "ModelLoaded", "NotImplemented",
                "InvalidGraph", "EPFail", "SessionOptions", "OrtValueVector", "OrtDevice",
                "get_default_session_options"]
    return [[name for name in names if not hasattr(ort, name)],
            [name for name in of_state if not hasattr(state, name)]]
