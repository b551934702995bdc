"""Making sessions, what they say about themselves, providers, runs, profiles."""

import io
import json
import os
import threading
import time

import numpy as np
from cases import case, raised


def open_model(ort, folder, name, *arguments, **keywords):
    keywords.setdefault("providers", ["CPUExecutionProvider"])
    return ort.InferenceSession(str(folder / f"{name}.onnx"), *arguments, **keywords)


def described(arguments):
    return [[value.name, value.type, list(value.shape)] for value in arguments]


X = np.array([[1, -2, 3]], "f4")


@case
def from_path_and_bytes_and_pathlike(ort, folder):
    path = folder / "described.onnx"
    return [ort.InferenceSession(source, providers=["CPUExecutionProvider"]).run(None, {"x": X})
            for source in (str(path), path, path.read_bytes())]


@case
def keyword_arguments(ort, folder):
    session = ort.InferenceSession(
        path_or_bytes=(folder / "described.onnx").read_bytes(),
        sess_options=ort.SessionOptions(), providers=["CPUExecutionProvider"],
        provider_options=[{}])
    return session.run(output_names=["y"], input_feed={"x": X}, run_options=None)


@case
def positional_options_and_providers(ort, folder):
    path = str(folder / "described.onnx")
    return [ort.InferenceSession(path, ort.SessionOptions(), ["CPUExecutionProvider"], [{}])
            .run(None, {"x": X}),
            ort.InferenceSession(path, None, ["CPUExecutionProvider"]).run(None, {"x": X})]


@case
def unknown_keywords_change_nothing(ort, folder):
    session = open_model(ort, folder, "described", disabled_optimizers=["ConstantFolding"],
                         enable_fallback=0, something_else=1)
    return session.run(None, {"x": X})


@case
def sources_that_are_no_model(ort, folder):
    wrong = [None, 3, io.BytesIO(b""), ["described.onnx"]]
    return [raised(lambda s=source: ort.InferenceSession(s)) for source in wrong]


@case
def options_of_a_wrong_type(ort, folder):
    path = str(folder / "described.onnx")
    return [raised(lambda: ort.InferenceSession(path, {"intra_op_num_threads": 1})),
            raised(lambda: ort.InferenceSession(path, ["CPUExecutionProvider"]))]


@case
def metadata(ort, folder):
    meta = open_model(ort, folder, "described").get_modelmeta()
    return [meta.custom_metadata_map, meta.description, meta.domain, meta.graph_description,
            meta.graph_name, meta.producer_name, meta.version]


@case
def metadata_of_a_model_without(ort, folder):
    meta = open_model(ort, folder, "vector").get_modelmeta()
    return [meta.custom_metadata_map, meta.description, meta.domain, meta.graph_description,
            meta.graph_name, meta.producer_name, meta.version]


@case
def inputs_and_outputs(ort, folder):
    names = ["described", "two_outputs", "scalar", "unranked", "half_known", "strings", "booleans",
             "integers", "bfloat16", "doubles", "halves"]
    sessions = [open_model(ort, folder, name) for name in names]
    return [[described(session.get_inputs()), described(session.get_outputs())]
            for session in sessions]


@case
def types_of_sequences_and_optionals(ort, folder):
    sessions = [open_model(ort, folder, name) for name in ("construct", "at", "insert", "has")]
    return [[described(session.get_inputs()), described(session.get_outputs())]
            for session in sessions]


@case
def sizes_of_outputs_are_inferred(ort, folder):
    return described(open_model(ort, folder, "sizes_inferred").get_outputs())


@case
def arguments_as_text(ort, folder):
    session = open_model(ort, folder, "described")
    return [str(session.get_inputs()[0]), str(session.get_outputs()[0])]


@case
def overridable_initializers(ort, folder):
    session = open_model(ort, folder, "with_defaults")
    x = np.eye(2, dtype="f4")
    w = np.full((2, 2), 3, "f4")
    return [described(session.get_inputs()), described(session.get_overridable_initializers()),
            session.run(None, {"x": x}), session.run(None, {"x": x, "w": w}),
            session.run(None, {"x": x, "w": w, "b": np.zeros(2, "f4")}),
            session.run(None, {"x": x}),
            raised(lambda: session.run(None, {"x": x, "w": np.ones((3, 2), "f4")})),
            raised(lambda: session.run(None, {"x": x, "w": np.ones((2, 2))}))]


@case
def no_overridable_initializers(ort, folder):
    return described(open_model(ort, folder, "mul").get_overridable_initializers())


@case
def providers_by_name_and_with_options(ort, folder):
    cpu = "CPUExecutionProvider"
    given = [None, [], [cpu], [(cpu, {"key": 1})], [cpu, cpu],
             ["CUDAExecutionProvider", cpu], [("CUDAExecutionProvider", {"device_id": 0}), cpu],
             ["NoSuchExecutionProvider"]]
    chosen = []
    for providers in given:
        session = ort.InferenceSession(str(folder / "described.onnx"), providers=providers)
        chosen.append(["CPUExecutionProvider" in session.get_providers(),
                       session.get_provider_options().get(cpu), session.run(None, {"x": X})])
    return chosen


@case
def malformed_providers_fall_back(ort, folder):
    given = ["CPUExecutionProvider", [3], [["CPUExecutionProvider", {}]]]
    return [ort.InferenceSession(str(folder / "described.onnx"), providers=providers)
            .run(None, {"x": X}) for providers in given]


@case
def providers_set_anew(ort, folder):
    session = open_model(ort, folder, "described")
    session.set_providers(["CPUExecutionProvider"])
    session.set_providers([("CPUExecutionProvider", {})])
    session.set_providers(["CPUExecutionProvider"], [{}])
    return [session.get_providers(), session.run(None, {"x": X})]


@case
def providers_that_cannot_be_set(ort, folder):
    return raised(lambda: open_model(ort, folder, "described").set_providers(["Nothing"]))


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
def arguments_for_providers_normalized(ort, folder):
    import importlib

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
def nodes_and_their_providers(ort, folder):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    graphs = open_model(ort, folder, "named_nodes", options).get_provider_graph_assignment_info()
    without = open_model(ort, folder, "named_nodes")
    return [sorted({graph.ep_name for graph in graphs}),
            sorted(f"{node.domain}:{node.op_type}/{node.name}"
                   for graph in graphs for node in graph.get_nodes()),
            raised(without.get_provider_graph_assignment_info)]


@case
def outputs_that_are_inputs_are_copies(ort, folder):
    session = open_model(ort, folder, "passed_through")
    kept = []
    for i in range(4):
        x = np.full(2, i, "f4")
        outputs = session.run(None, {"x": x})
        kept.append([outputs, np.shares_memory(outputs[1], x)])
        x[:] = -1
    return kept


@case
def outputs_are_not_copied_twice(ort, folder):
    [y] = open_model(ort, folder, "mul").run(None, {"x": np.ones((3, 2), "f4")})
    return [y.base is not None, y.flags.writeable, y.flags.c_contiguous]


@case
def memory_of_inputs_and_outputs(ort, folder):
    session = open_model(ort, folder, "two_outputs")
    return [len(session.get_input_memory_infos()), len(session.get_output_memory_infos()),
            session.get_input_memory_infos()[0].name, len(session.get_input_epdevices())]


@case
def the_session_below(ort, folder):
    session = open_model(ort, folder, "mul")
    x = ort.OrtValue.ortvalue_from_numpy(np.ones((3, 2), "f4"))
    inner = session._sess
    values = inner.run_with_ort_values({"x": x._get_c_value()}, ["y"], ort.RunOptions())
    return [inner.run(["y"], {"x": np.ones((3, 2), "f4")}, None), values[0].numpy(),
            type(values).__name__]


@case
def logger_severities_that_are_none(ort, folder):
    return [raised(lambda: ort.set_default_logger_severity(5)),
            raised(lambda: ort.set_default_logger_severity(-1)),
            raised(lambda: ort.set_default_logger_severity("verbose"))]


@case
def chosen_outputs(ort, folder):
    session = open_model(ort, folder, "two_outputs")
    x = np.array([[1, -2, 0, 3]], "f4")
    return [session.run(names, {"x": x})
            for names in (None, [], ["i"], ["i", "y"], ("y",), ["y", "y"])]


@case
def names_of_outputs_that_are_none(ort, folder):
    session = open_model(ort, folder, "described")
    return [raised(lambda: session.run(["nothing"], {"x": X})),
            raised(lambda: session.run("y", {"x": X}))]


@case
def many_threads_share_a_session(ort, folder):
    session = open_model(ort, folder, "quantized")
    results = [None] * 4

    def work(i):
        x = np.full((i + 1, 8), i, "f4")
        for _ in range(20):
            results[i] = session.run(None, {"x": x})[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@case
def runs_in_the_background(ort, folder):
    session = open_model(ort, folder, "described")
    done, got = threading.Event(), []

    def callback(results, user_data, error):
        got.append([results, user_data, error, threading.current_thread() is
                    threading.main_thread()])
        done.set()

    session.run_async(["y"], {"x": X}, callback, {"key": 1})
    return [done.wait(30), got]


@case
def failures_in_the_background(ort, folder):
    session = open_model(ort, folder, "described")
    done, got = threading.Event(), []

    def callback(results, user_data, error):
        got.append([results, user_data, bool(error)])
        done.set()

    session.run_async(None, {"x": np.ones((1, 4), "f4")}, callback, None)
    return [done.wait(30), got, raised(lambda: session.run_async(None, {}, callback, None))]


@case
def profile_of_a_run(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = "mine"
    session = open_model(ort, folder, "mul", options)
    session.run(None, {"x": np.ones((3, 2), "f4")})
    path = session.end_profiling()
    text = open(path, encoding="utf-8").read()
    events = json.loads(text)
    lines = text.strip().splitlines()
    nodes = [event for event in events if event["cat"] == "Node"
             and event["name"].endswith("_kernel_time")]
    names = {event["name"] for event in events}
    keys = ("cat", "pid", "tid", "dur", "ts", "ph", "name", "args")
    return [os.path.exists(path), path.startswith("mine_"), path.endswith(".json"),
            sorted({event["args"]["op_name"] for event in nodes}),
            [event["args"]["provider"] for event in nodes],
            [event["args"]["output_type_shape"] for event in nodes],
            {"model_run", "session_initialization"} <= names,
            all(all(key in event for key in keys) for event in events),
            {event["ph"] for event in events} == {"X"}, session.end_profiling(),
            lines[0].startswith("["), lines[-1].endswith("]"), len(lines) >= len(events)]


@case
def no_profile(ort, folder):
    session = open_model(ort, folder, "mul")
    return [session.end_profiling(), session.get_profiling_start_time_ns(), os.listdir(".")]


@case
def profile_without_an_end(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    session = open_model(ort, folder, "mul", options)
    session.run(None, {"x": np.ones((3, 2), "f4")})
    del session
    return [name.split("_20")[0] for name in os.listdir(".")]


@case
def profiling_start_times(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    before = time.time_ns()
    starts = [open_model(ort, folder, "mul", options).get_profiling_start_time_ns()
              for _ in range(3)]
    return [before <= starts[0] <= starts[1] <= starts[2] <= time.time_ns()]


@case
def results_outlive_the_session(ort, folder):
    session = open_model(ort, folder, "two_outputs")
    first = session.run(None, {"x": np.ones((1, 4), "f4")})
    session.run(None, {"x": np.zeros((1, 4), "f4")})
    del session
    return first


@case
def quantized_models(ort, folder):
    x = np.linspace(-1, 1, 24, dtype="f4").reshape(3, 8)
    return [open_model(ort, folder, name).run(None, {"x": x})
            for name in ("quantized", "integer_matmul")]


@case
def external_data(ort, folder):
    return open_model(ort, folder, "external").run(None, {"x": np.ones((3, 2), "f4")})


@case
def session_options_come_back(ort, folder):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("some.key", "value")
    back = open_model(ort, folder, "mul", options).get_session_options()
    return [back.intra_op_num_threads, back.graph_optimization_level.name,
            back.get_session_config_entry("some.key"), back is options]


@case
def names_that_programs_import(ort, folder):
    import importlib

    state = importlib.import_module(f"{ort.__name__}.capi.onnxruntime_pybind11_state")
    names = ["InferenceSession", "SessionOptions", "RunOptions", "OrtValue", "OrtDevice",
             "IOBinding", "SparseTensor", "NodeArg", "ModelMetadata", "GraphOptimizationLevel",
             "ExecutionMode", "ExecutionOrder", "OrtAllocatorType", "OrtArenaCfg", "OrtMemType",
             "OrtMemoryInfo", "SessionIOBinding", "LoraAdapter", "AdapterFormat",
             "get_available_providers", "create_and_register_allocator", "preload_dlls",
             "set_default_logger_severity", "set_global_thread_pool_sizes", "copy_tensors"]
    of_state = ["Fail", "InvalidArgument", "NoSuchFile", "NoModel", "EngineError",
                "RuntimeException", "InvalidProtobuf", "ModelLoaded", "NotImplemented",
                "InvalidGraph", "EPFail", "SessionOptions", "OrtValueVector", "OrtDevice",
                "get_default_session_options"]
    return [[name for name in names if not hasattr(ort, name)],
            [name for name in of_state if not hasattr(state, name)]]
