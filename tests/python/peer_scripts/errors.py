"""Exceptions by class, of models that cannot be loaded and of runs that fail."""

import numpy as np
from cases import case, raised
from sessions import open_model


def opened(ort, folder, name):
    return raised(lambda: bool(open_model(ort, folder, name)))


@case
def files_that_do_not_exist(ort, folder):
    return opened(ort, folder, "nothing")


@case
def files_that_are_no_protobuf(ort, folder):
    return [opened(ort, folder, "no_protobuf"), raised(lambda: ort.InferenceSession(b"no model"))]


@case
def empty_files(ort, folder):
    return [opened(ort, folder, name) for name in ("empty", "no_graph")] + [
        raised(lambda: ort.InferenceSession(b""))]


@case
def operators_that_are_unknown(ort, folder):
    return [opened(ort, folder, name) for name in ("unknown_operator", "unknown_domain")]


@case
def graphs_that_are_malformed(ort, folder):
    return [opened(ort, folder, name) for name in ("dangling", "unknown_attribute")]


@case
def versions_of_the_future(ort, folder):
    return [opened(ort, folder, name) for name in ("future_opset", "future_ir")]


@case
def external_data_of_a_model_from_memory(ort, folder):
    return raised(lambda: ort.InferenceSession((folder / "external.onnx").read_bytes()))


@case
def shapes_that_do_not_fit_in_a_run(ort, folder):
    session = open_model(ort, folder, "reshape")
    good = session.run(None, {"x": np.ones(6, "f4"), "s": np.array([2, 3])})
    return [good, raised(lambda: session.run(None, {"x": np.ones(5, "f4"), "s": np.array([2, 3])})),
            session.run(None, {"x": np.ones(6, "f4"), "s": np.array([3, 2])})]


@case
def indices_out_of_bounds_in_a_run(ort, folder):
    session = open_model(ort, folder, "gather")
    x = np.arange(3, dtype="f4")
    return [session.run(None, {"x": x, "i": np.array([0, -1])}),
            raised(lambda: session.run(None, {"x": x, "i": np.array([3])}))]


@case
def names_that_are_no_texts(ort, folder):
    session = open_model(ort, folder, "described")
    x = np.ones((1, 3), "f4")
    return [session.run("", {"x": x}), raised(lambda: session.run("y", {"x": x})),
            [raised(lambda k=key: session.run(None, {k: x})) for key in (0, None, b"x")],
            raised(lambda: session.run(None, {"x": x}, {}))]


@case
def folders_and_nothing(ort, folder):
    session = open_model(ort, folder, "described")
    return [raised(lambda: ort.InferenceSession(str(folder))),
            raised(lambda: session.run(None, {"x": None}))]


@case
def feeds_that_are_no_dict(ort, folder):
    session = open_model(ort, folder, "described")
    return ["raised" in raised(lambda f=f: session.run(None, f)) for f in (None, [1], 3)]
