"""Operators on random operands against NumPy."""

import math

import convoy
import numpy as np
import onnx
import pytest
from onnx import helper


def node_model(op_type, inputs, opset=17, domain="", outputs=1, **attributes):
    """A model of one node; an input whose array is given in a tuple is an initializer."""
    names, fed, constants = [], [], []
    for i, value in enumerate(inputs):
        names.append(f"x{i}")
        if isinstance(value, tuple):
            constants.append(onnx.numpy_helper.from_array(value[0], names[-1]))
        else:
            dtype = helper.np_dtype_to_tensor_dtype(value.dtype)
            fed.append(helper.make_tensor_value_info(names[-1], dtype, None))
    results = [f"y{j}" for j in range(outputs)]
    node = helper.make_node(op_type, names, results, domain=domain, **attributes)
    graph = helper.make_graph(
        [node], "one", fed, [helper.make_empty_tensor_value_info(y) for y in results], constants
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
    )


def run_node(op_type, inputs, optimize=True, **settings):
    model = node_model(op_type, inputs, **settings).SerializeToString()
    session = convoy.InferenceSession(model, optimize=optimize, threads=1)
    return session.run(
        None, {f"x{i}": x for i, x in enumerate(inputs) if not isinstance(x, tuple)}
    )


def random_einsum(rng):
    """An equation and operands for it: sizes of 1 broadcast, letters repeat, ellipses."""
    letters = list(rng.choice(list("abcdXYZ"), rng.integers(1, 6), replace=False))
    size = {c: int(rng.integers(1, 4)) for c in letters}
    dots = [int(rng.integers(1, 4)) for _ in range(rng.integers(0, 3))]
    terms, shapes, has_dots = [], [], False
    for _ in range(rng.integers(1, 4)):
        term = list(rng.choice(letters, rng.integers(0, 4)))
        shape = []
        ones = {c for c in term if rng.random() < 0.2}
        for c in term:
            shape.append(1 if c in ones else size[c])
        if rng.random() < 0.5:
            has_dots = True
            at = int(rng.integers(0, len(term) + 1))
            mine = dots[int(rng.integers(0, len(dots) + 1)):]
            shape[at:at] = [1 if rng.random() < 0.2 else n for n in mine]
            term[at:at] = ["..."]
        terms.append("".join(term))
        shapes.append(shape)
    equation = ",".join(terms)
    if rng.random() < 0.7:
        used = sorted({c for c in equation if c.isalpha()})
        rng.shuffle(used)
        output = used[: rng.integers(0, len(used) + 1)]
        if has_dots:
            output.insert(int(rng.integers(0, len(output) + 1)), "...")
        equation += "->" + "".join(output)
    if rng.random() < 0.2:
        equation = equation.replace(",", " , ").replace("->", " -> ")
    return equation, [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("optimize", [False, True])
def test_einsum_is_numpys(optimize):
    rng = np.random.default_rng(20)
    for round in range(300):
        equation, operands = random_einsum(rng)
        expected = np.einsum(equation, *operands)
        fed = [(x,) if i and rng.random() < 0.3 else x for i, x in enumerate(operands)]
        [actual] = run_node("Einsum", fed, optimize, equation=equation)
        what = f"round {round}: '{equation}' on {[x.shape for x in operands]}"
        assert actual.shape == expected.shape, what
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5, err_msg=what)


def normalized(x, axes, epsilon, after_root=False):
    """In float64."""
    x = x.astype(np.float64)
    variance = x.var(axes, keepdims=True)
    root = np.sqrt(variance) + epsilon if after_root else np.sqrt(variance + epsilon)
    return (x - x.mean(axes, keepdims=True)) / root


@pytest.mark.parametrize("center", [0.0, 1e3, 1e4, -1e5, 1e6])
@pytest.mark.parametrize("length", [3, 40, 1001, 20000])
def test_normalizations_keep_their_digits(center, length):
    rng = np.random.default_rng(length)
    x = (center + rng.standard_normal((2, 4, length))).astype(np.float32)
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    cases = [
        ("MeanVarianceNormalization", [x], dict(axes=[0, 2]), normalized(x, (0, 2), 1e-9, True)),
        ("MeanVarianceNormalization", [x], dict(axes=[1]), normalized(x, (1,), 1e-9, True)),
        ("LayerNormalization", [x, np.ones(length, np.float32)], {}, normalized(x, (2,), 1e-5)),
        ("InstanceNormalization", [x, ones, zeros], {}, normalized(x, (2,), 1e-5)),
        (
            "GroupNormalization",
            [x, ones, zeros],
            dict(num_groups=1, opset=21),
            normalized(x, (1, 2), 1e-5),
        ),
    ]
    for op_type, inputs, settings, expected in cases:
        [actual] = run_node(op_type, inputs, **settings)
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=2e-5, err_msg=op_type)


def softplus(x):
    return np.logaddexp(0, x)


_ACTIVATIONS = {
    "Softplus": (softplus, {}),
    "Mish": (lambda x: x * np.tanh(softplus(x)), {}),
    "Celu": (lambda x: np.maximum(x, 0) + np.minimum(0, np.expm1(np.minimum(x, 0))), {}),
    "Elu": (lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x), {}),
    "Sigmoid": (lambda x: np.exp(-np.logaddexp(0, -x)), {}),
    "Softsign": (lambda x: x / (1 + np.abs(x)), {}),
    "Gelu": (lambda x: x / 2 * np.vectorize(math.erfc)(-x / math.sqrt(2)), {"opset": 20}),
    "HardSwish": (lambda x: x * np.clip(x / 6 + 0.5, 0, 1), {}),
    "Tanh": (np.tanh, {}),
}


@pytest.mark.parametrize("op_type", _ACTIVATIONS)
def test_activations_far_from_zero(op_type):
    far = [1e30, 1e4, 100, 89, 88, 20, 10, 1, 1e-4, 1e-7, 1e-30, 0]
    x = np.array([*far, *(-value for value in far)] * 3, np.float32)
    formula, settings = _ACTIVATIONS[op_type]
    with np.errstate(all="ignore"):
        expected = formula(x.astype(np.float64))
    settings = {"opset": 18, **settings}
    [actual] = run_node(op_type, [x], **settings)
    sure = ~np.isnan(expected)
    np.testing.assert_allclose(actual[sure], expected[sure], rtol=2e-6, atol=1e-37)


def test_softmaxes_of_far_numbers():
    rows = [[1e30, -1e30, 0], [1e4, 1e4 + 1, 1e4 - 1], [-1e30, -1e30, -1e30], [-1e4, 0, 1e4]]
    x = np.array(rows, np.float32).repeat(7, axis=1)
    wide = x.astype(np.float64)
    log = wide - wide.max(1, keepdims=True)
    log -= np.log(np.exp(log).sum(1, keepdims=True))
    [actual] = run_node("LogSoftmax", [x], axis=1)
    np.testing.assert_allclose(actual, log, rtol=1e-6, atol=1e-6)
    [actual] = run_node("LogSoftmax", [np.ascontiguousarray(x.T)], axis=0)
    np.testing.assert_allclose(actual, log.T, rtol=1e-6, atol=1e-6)
    [actual] = run_node("Softmax", [x], axis=1)
    np.testing.assert_allclose(actual, np.exp(log), rtol=1e-5, atol=1e-7)
    labels = np.array([0, 8, 3, 5])
    [loss] = run_node("SoftmaxCrossEntropyLoss", [x, labels], reduction="none")
    np.testing.assert_allclose(loss, -log[np.arange(4), labels], rtol=1e-6, atol=1e-6)
    [total] = run_node("ReduceLogSumExp", [x], opset=17, axes=[1], keepdims=0)
    top = wide.max(1)
    np.testing.assert_allclose(
        total, top + np.log(np.exp(wide - top[:, None]).sum(1)), rtol=1e-6
    )
