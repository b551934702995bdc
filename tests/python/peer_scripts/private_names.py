"""What programs read of sessions, options and arguments besides their documented interface."""

from unittest import mock

import numpy as np
from cases import case, raised
from sessions import described, open_model

X = np.ones((3, 2), "f4")


@case
def private_attributes_of_a_session(ort, folder):
    session = open_model(ort, folder, "described")
    session.disable_fallback()
    return [session._providers, session._provider_options, session._fallback_providers,
            session._enable_fallback, session._read_config_from_model,
            session._sess_options.intra_op_num_threads, session._sess_options_initial,
            session._model_meta.producer_name, described(session._inputs_meta),
            described(session._outputs_meta), described(session._overridable_initializers),
            len(session._input_meminfos), len(session._output_meminfos),
            len(session._input_epdevices), session._profiling_start_time_ns,
            session._model_path == str(folder / "described.onnx"), session._model_bytes]


@case
def private_attributes_follow_the_providers(ort, folder):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = open_model(ort, folder, "mul", options)
    before = session._sess
    session.set_providers(["CPUExecutionProvider"])
    return [session._providers, session._sess_options.intra_op_num_threads,
            session._sess_options_initial is options, session._sess is before,
            session._sess is session._sess]


@case
def the_session_below_describes_itself(ort, folder):
    inner = open_model(ort, folder, "two_outputs")._sess
    return [described(inner.inputs_meta), described(inner.outputs_meta),
            len(inner.input_meminfos), len(inner.output_meminfos), len(inner.input_epdevices),
            inner.get_profiling_start_time_ns]


@case
def options_by_their_classes(ort, folder):
    classes = [(ort.SessionOptions, ["intra_op_num_threads", "enable_profiling", "logid",
                                     "graph_optimization_level", "no_such_option"]),
               (ort.RunOptions, ["terminate", "logid", "no_such_option"]),
               (ort.NodeArg, ["name", "type", "shape", "size"]),
               (ort.ModelMetadata, ["version", "custom_metadata_map", "no_such_text"])]
    return [[[hasattr(kind, name) for name in names],
             [hasattr(mock.Mock(spec=kind), name) for name in names]]
            for kind, names in classes]


@case
def arguments_are_their_own(ort, folder):
    session = open_model(ort, folder, "described")
    first, again = session.get_inputs()[0], session.get_inputs()[0]
    first.shape[0] = 5
    others = open_model(ort, folder, "described").get_inputs()
    return [first.shape, again.shape, len({first, again}), len({first, *others}),
            raised(lambda: setattr(first, "name", "z")), first == others[0]]
