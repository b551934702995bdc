"""Runs of sessions: in threads, in the background, and what outputs are."""

import threading

import numpy as np
from cases import case, raised
from sessions import open_model

X = np.array([[1, -2, 3]], "f4")


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
