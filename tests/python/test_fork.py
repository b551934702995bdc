"""Sessions in forked processes, as worker pools and preloading servers make them."""
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor

import convoy
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
FORK = multiprocessing.get_context("fork")


def model_of(nodes, shape, weights):
    graph = helper.make_graph(
        nodes, "test", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value.astype("f4"), name) for name, value in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                             ir_version=8).SerializeToString()


node = helper.make_node
MODELS = {
    "Conv": (model_of([node("Conv", ["x", "w"], ["a"], pads=[2, 2]), node("Relu", ["a"], ["y"])],
                      ["n", 64, "t"], {"w": rng.standard_normal((64, 64, 5))}), (2, 64, 700)),
    "ConvTranspose": (model_of([node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])],
                               ["n", 32, "h", "w"], {"w": rng.standard_normal((32, 16, 4, 4))}),
                      (1, 32, 28, 28)),
    "MatMul": (model_of([node("MatMul", ["x", "w"], ["a"]), node("Softmax", ["a"], ["y"])],
                        ["n", 256], {"w": rng.standard_normal((256, 300))}), (200, 256)),
}


@pytest.fixture(params=MODELS, name="case")
def case_of(request):
    model, shape = MODELS[request.param]
    x = rng.standard_normal(shape).astype("f4")
    [expected] = convoy.InferenceSession(model, threads=2).run(None, {"x": x})
    return model, x, expected


def in_child(body):
    """Whether `body()` is true in a child that os.fork makes, within half a minute."""
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        right = False
        try:
            right = body()
        finally:
            os._exit(0 if right else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("ran", [False, True])
def test_the_parents_session_runs_in_a_child(case, ran):
    model, x, expected = case
    session = convoy.InferenceSession(model, threads=2)

    def is_right():
        return np.array_equal(session.run(None, {"x": x})[0], expected)

    if ran:
        assert is_right()
    assert in_child(is_right)
    assert in_child(lambda: is_right() and in_child(is_right))
    assert is_right()


def test_a_child_makes_its_own_session(case):
    model, x, expected = case
    assert in_child(lambda: np.array_equal(
        convoy.InferenceSession(model, threads=2).run(None, {"x": x})[0], expected))


def test_a_model_is_rewritten_in_a_child(case):
    assert in_child(lambda: len(convoy.optimize(case[0])[0]) > 0)


def test_children_are_born_while_threads_run_the_session(case):
    model, x, expected = case
    session = convoy.InferenceSession(model, threads=2)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            session.run(None, {"x": x})
            convoy.InferenceSession(model, threads=2).run(None, {"x": x})

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        assert all(in_child(lambda: np.array_equal(session.run(None, {"x": x})[0], expected))
                   for _ in range(5))
    finally:
        stop.set()
        for worker in workers:
            worker.join()


SHARED = None


def run_shared(x):
    return SHARED.run(None, {"x": x})[0]


def test_a_pool_of_processes(case):
    global SHARED
    model, x, expected = case
    SHARED = convoy.InferenceSession(model, threads=2)
    run_shared(x)
    with ProcessPoolExecutor(2, mp_context=FORK) as pool:
        for result in pool.map(run_shared, [x] * 4, timeout=60):
            np.testing.assert_array_equal(result, expected)
