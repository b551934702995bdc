"""Cases that ONNX Runtime's CPU provider has no kernel for, and what they are by definition."""

import numpy as np
from microsoft_cases import HALF, Maker


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    from math import erf as one

    return np.vectorize(one)(x.astype(np.float64)).astype(np.float32)


def gelu(x):
    return x * 0.5 * (1 + erf(x / np.sqrt(np.float32(2))))


def attend(q, k, v):
    """[batch, heads, rows, size] to [batch, rows, heads * size]."""
    scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[3])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    result = weights / weights.sum(-1, keepdims=True) @ v
    return result.swapaxes(1, 2).reshape(q.shape[0], q.shape[2], -1).astype(np.float32)


def group_norm(x, gamma, beta, groups, epsilon, silu):
    """x [batch, ..., channels]."""
    n, c = x.shape[0], x.shape[-1]
    y = x.reshape(n, -1, groups, c // groups)
    mean, var = y.mean((1, 3), keepdims=True), y.var((1, 3), keepdims=True)
    y = ((y - mean) / np.sqrt(var + epsilon)).reshape(x.shape) * gamma + beta
    return y * sigmoid(y) if silu else y


def convolve_last(x, w, b):
    """Channels last, no padding."""
    height, width = x.shape[1] - w.shape[2] + 1, x.shape[2] - w.shape[3] + 1
    y = np.zeros((x.shape[0], height, width, w.shape[0]), np.float32)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            y += x[:, i : i + height, j : j + width] @ w[:, :, i, j].T
    return y + b


def relative_bias(table, queries, keys, most, both_ways):
    """As in the T5 paper; table [heads, buckets]."""
    result = np.zeros((1, table.shape[0], queries, keys), np.float32)
    for i in range(queries):
        for j in range(keys):
            count, first, distance = table.shape[1], 0, i - j
            if both_ways:
                count //= 2
                first, distance = (count if distance < 0 else 0), abs(distance)
            distance, exact = max(distance, 0), count // 2
            if distance >= exact:
                far = np.log(distance / exact) / np.log(most / exact) * (count - exact)
                distance = min(exact + int(far), count - 1)
            result[0, :, i, j] = table[:, first + distance]
    return result


def cases_by_definition():
    make = Maker(3)
    f = make.floats
    expected = []

    def add(name, op, inputs, attributes, *results):
        make.add(name, op, inputs, attributes, outputs=len(results))
        expected.append({f"output_{j}": np.asarray(r) for j, r in enumerate(results)})

    x, bias, skip = f(2, 5, 8), f(8), f(2, 5, 8)
    add("it", "BiasAdd", [x, bias, skip], {}, x + bias + skip)
    left, right = np.split(x + bias, 2, -1)
    add("it", "BiasSplitGelu", [x, bias], {}, left * gelu(right))
    images, gamma, beta = f(2, 3, 4, 8), f(8), f(8)
    first = np.moveaxis(images, 3, 1).copy()
    for silu in (0, 1):
        set_ = {"groups": 4, "activation": silu, "epsilon": 1e-3}
        y = group_norm(images, gamma, beta, 4, 1e-3, silu)
        add(f"last_{silu}", "GroupNorm", [images, gamma, beta], set_, y)
        add(f"first_{silu}", "GroupNorm", [first, gamma, beta], {**set_, "channels_last": 0},
            np.moveaxis(y, 3, 1))
        other = f(2, 8)
        whole = images + other[:, None, None] + bias
        y = group_norm(whole, gamma, beta, 4, 1e-3, silu)
        add(f"last_{silu}", "SkipGroupNorm", [images, gamma, beta, other, bias], set_, y, whole)
        add(f"first_{silu}", "SkipGroupNorm", [first, gamma, beta, other, bias],
            {**set_, "channels_last": 0}, np.moveaxis(y, 3, 1), np.moveaxis(whole, 3, 1))
    w, b = f(5, 8, 2, 3), f(5)
    y = convolve_last(images, w, b)
    add("it", "NhwcConv", [images, w, b], {}, y)
    z = f(*y.shape)
    add("sum", "NhwcFusedConv", [images, w, b, z], {"activation": "Relu"}, np.maximum(y + z, 0))
    a = f(3, 7)
    add("no", "IsAllFinite", [a, np.array([1, np.nan], np.float32)], {}, False)
    add("yes", "IsAllFinite", [a, a[0]], {}, True)
    add("nan_only", "IsAllFinite", [np.array([1, np.inf], np.float32)], {"isnan_only": 1}, True)
    for both_ways in (0, 1):
        table = f(8, 3)
        add(both_ways, "RelativePositionBias", [table, np.array(9), np.array(11)],
            {"max_distance": 7, "is_bidirectional": both_ways},
            relative_bias(table.reshape(3, 8), 9, 11, 7, both_ways))
    query, bias, places, weight = f(2, 5, 12), f(12), f(1, 3, 5, 5), f(4, 8)
    offset, eco = f(8), f(1, 3, 1, 1)
    heads = (query + bias).reshape(2, 5, 3, 4).swapaxes(1, 2) @ weight + offset
    gates = sigmoid(heads.reshape(2, 3, 5, 2, 4).sum(-1))
    gate = gates[..., :1] * (gates[..., 1:] * eco - 1) + 2
    add("it", "GatedRelativePositionBias", [query, bias, places, weight, offset, eco],
        {"num_heads": 3}, gate * places)
    signal = f(3, 10)
    spectrum = np.fft.rfft(signal).astype(np.complex64)
    pairs = np.stack([spectrum.real, spectrum.imag], -1)
    add("it", "Rfft", [signal], {"signal_ndim": 1, "onesided": 1, "normalized": 0}, pairs)
    add("it", "Irfft", [pairs], {"signal_ndim": 1, "onesided": 1, "normalized": 0}, signal)
    p, q = f(3, 2), f(3, 2)
    product = (p[:, 0] + 1j * p[:, 1]) * (q[:, 0] + 1j * q[:, 1])
    add("it", "ComplexMul", [p, q], {},
        np.stack([product.real, product.imag], -1).astype(np.float32))
    q, k, v = (f(2, 3, 5, 8).astype(np.float16) for _ in range(3))
    rows = [t.swapaxes(1, 2).reshape(2, 5, 24) for t in (q, k, v)]
    wide = attend(*(t.astype(np.float32) for t in (q, k, v))).astype(np.float16)
    add("half", "MultiHeadAttention", rows, {"num_heads": 3}, wide)
    make.cases[-1].within = HALF
    for rows in (5, 70):
        packed = f(2, rows, 3, 3, 8)
        parts = [packed[:, :, :, i].swapaxes(1, 2) for i in range(3)]
        add(f"packed_{rows}", "MultiHeadAttention", [packed], {"num_heads": 3}, attend(*parts))
        query, packed = f(2, 4, 24), f(2, rows, 3, 2, 8)
        parts = [packed[:, :, :, i].swapaxes(1, 2) for i in range(2)]
        heads = query.reshape(2, 4, 3, 8).swapaxes(1, 2)
        add(f"packed_keys_{rows}", "MultiHeadAttention", [query, packed], {"num_heads": 3},
            attend(heads, *parts))
    return list(zip(make.cases, expected))
