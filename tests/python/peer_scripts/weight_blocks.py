"""Weights in blocks of few bits, as the quantizers of onnxruntime's package have them made."""

import numpy as np
from cases import case
from native_calls import native

# Rows, columns, block size; the rest of a byte after the last row is left to chance by the peer.
SIZES = [(40, 3, 16), (64, 5, 32), (32, 8, 128), (48, 2, 64)]


def weights_of(rows, columns):
    made = np.random.default_rng(rows).normal(size=(rows, columns)).astype("f4")
    made[:32, 0] = 0
    made[:, 1] = np.abs(made[:, 1])
    return made


@case
def weights_for_matmul_nbits(ort, folder):
    results = []
    for rows, columns, block in SIZES:
        blocks = -(-rows // block)
        for bits in (2, 4, 8):
            for symmetric in (False, True):
                packed = np.zeros((columns, blocks, block * bits // 8), "u1")
                scales = np.zeros((columns, blocks), "f4")
                zeros = np.zeros((columns, (blocks * bits + 7) // 8), "u1")
                getattr(native(ort), f"quantize_matmul_{bits}bits")(
                    packed, weights_of(rows, columns), scales, zeros, block, columns, rows,
                    symmetric)
                results.append([packed, scales, zeros])
    return results


@case
def weights_for_dequantize_linear(ort, folder):
    results = []
    for rows, columns, block in SIZES:
        blocks = -(-rows // block)
        for symmetric in (False, True):
            packed = np.zeros((rows * columns + 1) // 2, "u1")
            scales = np.zeros((blocks, columns), "f4")
            zeros = np.zeros((columns * blocks + 1) // 2, "u1")
            signed = native(ort).quantize_qdq_matmul_4bits(
                packed, weights_of(rows, columns), scales, zeros, block, columns, rows, symmetric)
            results.append([packed, scales, zeros, signed])
    return results


@case
def weights_for_matmul_bnb4(ort, folder):
    results = []
    for rows, columns, block in SIZES:
        for kind in (0, 1):
            packed = np.zeros((rows * columns + 1) // 2, "u1")
            peaks = np.zeros(-(-rows * columns // block), "f4")
            native(ort).quantize_matmul_bnb4(
                packed, np.ascontiguousarray(weights_of(rows, columns).T), peaks, block, kind,
                columns, rows)
            results.append([packed, peaks])
    return results
