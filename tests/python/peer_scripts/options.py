"""SessionOptions and RunOptions."""

import os
import threading
import time

import numpy as np
from cases import case, raised
from sessions import described, open_model

X = np.ones((3, 2), "f4")


@case
def defaults_of_session_options(ort, folder):
    options = ort.SessionOptions()
    return [options.enable_cpu_mem_arena, options.enable_mem_pattern, options.enable_mem_reuse,
            options.enable_profiling, options.execution_mode.name, options.execution_order.name,
            options.graph_optimization_level.name, options.inter_op_num_threads,
            options.intra_op_num_threads, options.log_severity_level, options.log_verbosity_level,
            options.logid, options.optimized_model_filepath, options.profile_file_prefix,
            options.use_deterministic_compute]


@case
def every_session_option_set(ort, folder):
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.enable_mem_reuse = False
    options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
    options.execution_order = ort.ExecutionOrder.PRIORITY_BASED
    options.inter_op_num_threads = 2
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.log_verbosity_level = 1
    options.logid = "mine"
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return open_model(ort, folder, "mul", options).run(None, {"x": X})


@case
def optimization_levels(ort, folder):
    levels = ort.GraphOptimizationLevel
    results = []
    for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_EXTENDED,
                  levels.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        results.append([options.graph_optimization_level == level, int(level), level.name,
                        str(level), open_model(ort, folder, "mul", options).run(None, {"x": X})])
    return results


@case
def enumerations(ort, folder):
    return [[name, int(value)] for kind in (ort.GraphOptimizationLevel, ort.ExecutionMode,
                                            ort.ExecutionOrder, ort.OrtAllocatorType)
            for name, value in kind.__members__.items()]


@case
def options_that_are_none(ort, folder):
    options = ort.SessionOptions()
    return [raised(lambda: setattr(options, "no_such_option", 1)),
            raised(lambda: setattr(options, "intra_op_num_threads", "1")),
            raised(lambda: setattr(options, "graph_optimization_level", "all")),
            raised(lambda: setattr(ort.RunOptions(), "no_such_option", 1))]


@case
def options_out_of_range(ort, folder):
    options = ort.SessionOptions()
    return [raised(lambda n=name, v=value: setattr(options, n, v))
            for name in ("intra_op_num_threads", "inter_op_num_threads")
            for value in (2**31, -(2**31) - 1, 2**70)]


@case
def providers_added_to_options(ort, folder):
    options = ort.SessionOptions()
    before = options.has_providers()
    options.add_provider("CPUExecutionProvider", {})
    session = ort.InferenceSession(str(folder / "mul.onnx"), options)
    of_devices = ort.SessionOptions()
    of_devices.add_provider_for_devices(ort.get_ep_devices()[:1], {})
    return [before, options.has_providers(), of_devices.has_providers(), session.get_providers(),
            raised(lambda: options.add_provider("NoSuchExecutionProvider", {})),
            raised(lambda: options.add_provider("DnnlExecutionProvider", {}))]


@case
def configuration_entries(ort, folder):
    options = ort.SessionOptions()
    options.add_session_config_entry("some.key", "1")
    options.add_session_config_entry("some.key", "2")
    return [options.get_session_config_entry("some.key"),
            raised(lambda: options.get_session_config_entry("other.key")),
            raised(lambda: options.add_session_config_entry("", "1")),
            raised(lambda: options.add_session_config_entry("k" * 2000, "1")),
            raised(lambda: options.add_session_config_entry("some.key", 1))]


@case
def sizes_fixed_by_name(ort, folder):
    options = ort.SessionOptions()
    options.add_free_dimension_override_by_name("n", 2)
    session = open_model(ort, folder, "described", options)
    return [described(session.get_inputs()), described(session.get_outputs()),
            session.run(None, {"x": np.ones((2, 3), "f4")}),
            raised(lambda: session.run(None, {"x": np.ones((3, 3), "f4")}))]


@case
def sizes_fixed_by_denotation(ort, folder):
    options = ort.SessionOptions()
    options.add_free_dimension_override_by_denotation("DATA_BATCH", 2)
    session = open_model(ort, folder, "denoted", options)
    return [described(session.get_inputs()),
            raised(lambda: session.run(None, {"x": np.ones((3, 3), "f4")}))]


@case
def sizes_fixed_that_the_model_has_not(ort, folder):
    options = ort.SessionOptions()
    options.add_free_dimension_override_by_name("other", 2)
    options.add_free_dimension_override_by_denotation("OTHER", 2)
    return described(open_model(ort, folder, "described", options).get_inputs())


@case
def initializers_given(ort, folder):
    value = ort.OrtValue.ortvalue_from_numpy(np.full((3, 2), 5, "f4"))
    options = ort.SessionOptions()
    options.add_initializer("w", value)
    return [open_model(ort, folder, "external", options).run(None, {"x": X}),
            raised(lambda: options.add_initializer("w", np.ones((3, 2), "f4")))]


@case
def external_initializers_given(ort, folder):
    value = ort.OrtValue.ortvalue_from_numpy(np.full((3, 2), 5, "f4"))
    options = ort.SessionOptions()
    options.add_external_initializers(["w"], [value])
    model = (folder / "external.onnx").read_bytes()
    return [ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            .run(None, {"x": X}),
            raised(lambda: options.add_external_initializers(["w"], [value, value]))]


@case
def libraries_of_operators_that_do_not_exist(ort, folder):
    options = ort.SessionOptions()
    return raised(lambda: options.register_custom_ops_library("nothing.so"))


@case
def optimized_model_is_written(ort, folder):
    options = ort.SessionOptions()
    options.optimized_model_filepath = "optimized.onnx"
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    open_model(ort, folder, "described", options)
    again = ort.InferenceSession("optimized.onnx", providers=["CPUExecutionProvider"])
    return [os.path.getsize("optimized.onnx") > 0, described(again.get_inputs()),
            again.run(None, {"x": np.array([[-1, 0, 1]], "f4")})]


@case
def optimized_model_with_a_file_of_weights(ort, folder):
    os.mkdir("below")
    written = []
    for least in ("1", "1000000"):
        options = ort.SessionOptions()
        options.optimized_model_filepath = os.path.join("below", f"optimized{least}.onnx")
        key = "session.optimized_model_external_initializers_"
        options.add_session_config_entry(f"{key}file_name", f"weights{least}.bin")
        options.add_session_config_entry(f"{key}min_size_in_bytes", least)
        open_model(ort, folder, "quantized", options)
        again = ort.InferenceSession(options.optimized_model_filepath,
                                     providers=["CPUExecutionProvider"])
        path = os.path.join("below", f"weights{least}.bin")
        written.append([os.path.exists(path) and os.path.getsize(path) > 0,
                        again.run(None, {"x": np.full((1, 8), 0.5, "f4")})])
    return written


@case
def optimized_model_that_cannot_be_written(ort, folder):
    options = ort.SessionOptions()
    options.optimized_model_filepath = "no/such/folder/optimized.onnx"
    return raised(lambda: open_model(ort, folder, "described", options))


@case
def defaults_of_run_options(ort, folder):
    options = ort.RunOptions()
    return [options.log_severity_level, options.log_verbosity_level, options.logid,
            options.only_execute_path_to_fetches, options.terminate]


@case
def every_run_option_set(ort, folder):
    options = ort.RunOptions()
    options.log_severity_level = 3
    options.log_verbosity_level = 1
    options.logid = "mine"
    options.only_execute_path_to_fetches = True
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    options.add_run_config_entry("some.key", "value")
    return [open_model(ort, folder, "vector").run(None, {"x": np.ones(2, "f4")}, options),
            options.get_run_config_entry("some.key"), options.logid,
            raised(lambda: options.get_run_config_entry("other.key"))]


@case
def terminated_before_it_began(ort, folder):
    session = open_model(ort, folder, "mul")
    options = ort.RunOptions()
    options.terminate = True
    stopped = raised(lambda: session.run(None, {"x": X}, options))
    options.terminate = False
    return [stopped, session.run(None, {"x": X}, options), session.run(None, {"x": X})]


@case
def terminated_while_it_runs(ort, folder):
    session = open_model(ort, folder, "endless_loop")
    options = ort.RunOptions()
    timer = threading.Timer(0.3, lambda: setattr(options, "terminate", True))
    timer.start()
    began = time.monotonic()
    outcome = raised(lambda: session.run(None, {"x": np.zeros(1, "f4")}, options))
    return [outcome, time.monotonic() - began < 20]


@case
def config_from_the_model(ort, folder):
    without = open_model(ort, folder, "configured").get_session_options()
    os.environ["ORT_LOAD_CONFIG_FROM_MODEL"] = "1"
    options = open_model(ort, folder, "configured").get_session_options()
    return [options.inter_op_num_threads, options.intra_op_num_threads,
            options.execution_mode.name, options.graph_optimization_level.name,
            without.intra_op_num_threads]
