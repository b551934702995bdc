"""What may be fed, and what comes back for it."""

import warnings

import numpy as np
from cases import case, raised
from sessions import described, open_model


def outcomes(session, feeds):
    return [raised(lambda f=feed: session.run(None, {"x": f})) for feed in feeds]


@case
def strided_arrays(ort, folder):
    x = np.arange(24, dtype="f4")
    session = open_model(ort, folder, "vector")
    described = open_model(ort, folder, "described")
    return [session.run(None, {"x": x[::2]}), session.run(None, {"x": x[::-1]}),
            session.run(None, {"x": x[3:3]}),
            described.run(None, {"x": np.asfortranarray(x.reshape(8, 3))}),
            described.run(None, {"x": x.reshape(4, 6)[:, ::2]})]


@case
def lists_as_tensors(ort, folder):
    return [outcomes(open_model(ort, folder, "described"), [[[1, 2, 3]], [[1.5, 2.5, 3.5]] * 2]),
            outcomes(open_model(ort, folder, "vector"), [[], [1, 2], [np.float32(1)], [True]]),
            outcomes(open_model(ort, folder, "integers"), [[1, 2], [True, False], []]),
            outcomes(open_model(ort, folder, "booleans"), [[True, False]])]


@case
def integers_beyond_64_bits(ort, folder):
    return [outcomes(open_model(ort, folder, name), [[2**70, -(2**65)]])
            for name in ("vector", "doubles", "integers")]


@case
def complex_numbers_for_real_ones(ort, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [outcomes(open_model(ort, folder, name), [[1j, 2]])
                for name in ("vector", "integers")]


@case
def lists_of_arrays(ort, folder):
    rows = [np.ones(3, "f4"), np.zeros(3, "f4")]
    return open_model(ort, folder, "described").run(None, {"x": rows})


@case
def lists_that_are_no_tensor(ort, folder):
    return outcomes(open_model(ort, folder, "vector"), [[[1], [1, 2]], ["a"]])


@case
def lists_of_strings(ort, folder):
    return outcomes(open_model(ort, folder, "strings"), [["a", "bc"], ["", "ü"]])


@case
def arrays_of_no_dimension(ort, folder):
    return outcomes(open_model(ort, folder, "scalar"), [np.array(3, "f4")])


@case
def arrays_of_strings(ort, folder):
    session = open_model(ort, folder, "strings")
    return outcomes(session, [
        np.array(["a", "bc"]), np.array(["a", "bc"], object), np.array([1, 2.5], object),
        np.array(["a", None], object), np.array([], object)])


@case
def matrices_of_strings(ort, folder):
    session = open_model(ort, folder, "matrix_of_strings")
    words = np.array([b"this", b"is", b"identity", b"test"])
    as_void = words.astype(np.void).reshape(2, 2)
    return [session.run(None, {"x": words.astype(str).reshape(2, 2)}),
            session.run(None, {"x": words.astype(str).astype(object).reshape(2, 2)}),
            raised(lambda: session.run(None, {"x": as_void}))]


@case
def booleans(ort, folder):
    return open_model(ort, folder, "booleans").run(None, {"x": np.array([True, False])})


@case
def halves_and_doubles(ort, folder):
    return [open_model(ort, folder, "halves").run(None, {"x": np.array([1.5, -2], "f2")}),
            open_model(ort, folder, "doubles").run(None, {"x": np.array([1.5, -2])})]


@case
def arrays_of_another_type(ort, folder):
    session = open_model(ort, folder, "described")
    return outcomes(session, [np.ones((1, 3)), np.ones((1, 3), "i8"), np.ones((1, 3), "f2"),
                              np.array([["a", "b", "c"]])])


@case
def numbers_for_strings(ort, folder):
    return outcomes(open_model(ort, folder, "strings"), [np.array([1.5, 2])])


@case
def arrays_of_another_shape(ort, folder):
    session = open_model(ort, folder, "described")
    return outcomes(session, [np.ones(3, "f4"), np.ones((1, 1, 3), "f4"), np.ones((1, 4), "f4"),
                              np.ones((0, 3), "f4"), np.array(1, "f4")])


@case
def missing_and_unknown_inputs(ort, folder):
    session = open_model(ort, folder, "at")
    x = [np.arange(2)]
    i = np.array(0)
    return [raised(lambda: session.run(None, {})), raised(lambda: session.run(None, {"x": x})),
            raised(lambda: session.run(None, {"x": x, "i": i, "more": i}))]


@case
def nothing_for_a_tensor(ort, folder):
    [outcome] = outcomes(open_model(ort, folder, "described"), [None])
    return "raised" in outcome


@case
def sequences_in(ort, folder):
    session = open_model(ort, folder, "at")
    lists = [[np.arange(2), np.arange(3)], [np.zeros((2, 2), "i8")]]
    return [session.run(None, {"x": x, "i": np.array(len(x) - 1)}) for x in lists]


@case
def sequences_out(ort, folder):
    return [open_model(ort, folder, "construct").run(None, {"x": np.ones((2, 3), "f4")}),
            open_model(ort, folder, "insert").run(None, {
                "x": [np.arange(2), np.arange(1)], "t": np.array([7, 8]), "i": np.array(1)})]


@case
def length_of_a_sequence(ort, folder):
    session = open_model(ort, folder, "length")
    return [session.run(None, {"x": [np.ones(2, "f4")] * 3}), session.run(None, {"x": []})]


@case
def sequences_that_do_not_fit(ort, folder):
    session = open_model(ort, folder, "at")
    i = np.array(0)
    return [raised(lambda x=x: session.run(None, {"x": x, "i": i}))
            for x in (np.arange(3), [np.ones(2, "f4")], [np.arange(2), np.ones(2, "f4")], [])]


@case
def optionals(ort, folder):
    session = open_model(ort, folder, "has")
    return [session.run(None, {"x": np.ones(2, "f4")}), session.run(None, {"x": None}),
            session.run(None, {})]


@case
def optionals_that_hold_sequences(ort, folder):
    session = open_model(ort, folder, "optional_sequence")
    return [described(session.get_inputs()),
            session.run(None, {"x": [np.arange(5, dtype="f4"), np.ones((1, 2), "f4")]})]


@case
def strings_of_many_scripts(ort, folder):
    words = np.array(["Olá", "你好", "여보세요", "hello", ""])
    return open_model(ort, folder, "strings").run(None, {"x": words})


@case
def ort_values_as_feeds(ort, folder):
    x = np.array([[1, -1, 2]], "f4")
    value = ort.OrtValue.ortvalue_from_numpy(x)
    return open_model(ort, folder, "described").run(None, {"x": value})


@case
def maps_out(ort, folder):
    x = np.array([[1, 2, 3], [4, 5, 6]], "f4")
    sessions = [open_model(ort, folder, name) for name in ("zip_numbers", "zip_words")]
    return [[described(session.get_outputs()), session.run(None, {"x": x}),
             [[v.data_type(), v.is_tensor(), v.is_tensor_sequence()] for v in
              session.run_with_ort_values(None, {"x": ort.OrtValue.ortvalue_from_numpy(x)})]]
            for session in sessions]


@case
def maps_in(ort, folder):
    session = open_model(ort, folder, "from_words")
    return [described(session.get_inputs()), session.run(None, {"x": {"a": 1.5, "c": 3}}),
            session.run(None, {"x": {"b": 2.5}})]


@case
def maps_that_do_not_fit(ort, folder):
    session = open_model(ort, folder, "from_words")
    return [raised(lambda x=x: session.run(None, {"x": x}))
            for x in ({"a": "b"}, {1: 1.0}, np.ones(2, "f4"))]
