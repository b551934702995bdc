"""Making sessions, what they say about themselves, providers."""

import copy
import io
import threading
import warnings

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
def a_version_that_is_zero(ort, folder):
    return open_model(ort, folder, "version_zero").get_modelmeta().version


@case
def outputs_without_a_type(ort, folder):
    session = open_model(ort, folder, "untyped_output")
    return [described(session.get_outputs()), session.run(None, {"x": X})]


@case
def sessions_pickled_by_their_own_state(ort, folder):
    class Locked(ort.InferenceSession):
        def __init__(self, path):
            super().__init__(path, providers=["CPUExecutionProvider"])
            self.path, self.lock = path, threading.Lock()

        def __getstate__(self):
            return {"path": self.path}

        def __setstate__(self, state):
            self.__init__(state["path"])

    session = copy.deepcopy(Locked(str(folder / "described.onnx")))
    return [session.run(None, {"x": X}), session.path == str(folder / "described.onnx")]


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


def warned(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(warning.message).split(".")[0] for warning in caught]


@case
def providers_that_are_not_here_are_warned_of(ort, folder):
    path, cpu = str(folder / "described.onnx"), "CPUExecutionProvider"
    options = ort.SessionOptions()
    options.add_provider(cpu, {})
    return [warned(lambda: ort.InferenceSession(path, providers=["CUDAExecutionProvider", cpu])),
            warned(lambda: ort.InferenceSession(path, providers=["AzureExecutionProvider", cpu])),
            len(warned(lambda: ort.InferenceSession(path, options, [cpu])))]


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
def session_options_come_back(ort, folder):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("some.key", "value")
    back = open_model(ort, folder, "mul", options).get_session_options()
    return [back.intra_op_num_threads, back.graph_optimization_level.name,
            back.get_session_config_entry("some.key"), back is options]
