"""Weights of a MatMul in blocks of few bits, for the quantizers that onnxruntime's package brings.

Each function fills arrays that it is given, as those of onnxruntime's native module do. A block is
of consecutive rows of one column; the last one of a column may be shorter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import InvalidInput

# The values of MatMulBnb4's codes, smallest first. FP4 are magnitudes, whose codes follow; a fourth
# bit is the sign.
_FP4 = (0.0, 0.00520833, 0.16666667, 0.25, 0.33333333, 0.5, 0.6666667, 1.0)
_FP4_CODES = (0, 1, 6, 7, 4, 5, 2, 3)
_NF4 = (-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
        -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
        0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0)


def quantize_matmul_2bits(*arguments: Any) -> None:
    """As quantize_matmul_4bits."""
    _fill_blocks(2, *arguments)


def quantize_matmul_4bits(*arguments: Any) -> None:
    """(packed [N, blocks, bytes], weights [K, N], scales, zero_points, block_size, N, K, symmetric)

    packed, scales and zero points become those of com.microsoft.MatMulNBits; symmetric: the zero
    points are left alone.
    """
    _fill_blocks(4, *arguments)


def quantize_matmul_8bits(*arguments: Any) -> None:
    """As quantize_matmul_4bits."""
    _fill_blocks(8, *arguments)


def quantize_qdq_matmul_4bits(packed: np.ndarray, weights: np.ndarray, scales: np.ndarray,
                              zero_points: np.ndarray, block_size: int, columns: int, rows: int,
                              symmetric: bool) -> bool:
    """As quantize_matmul_4bits, for DequantizeLinear: row by row, signed where symmetric."""
    made, values, zeros = _blocks(4, weights, scales.dtype, block_size, columns, rows, symmetric)
    values = values.reshape(columns, -1)[:, :rows].T
    if symmetric:
        values = values ^ 8  # from 8 as zero to the two's complement
    else:
        zero_points.reshape(-1)[:] = _packed(zeros.T.reshape(1, -1), 4).reshape(-1)
    packed.reshape(-1)[:] = _packed(values.reshape(1, -1), 4).reshape(-1)
    scales.reshape(-1)[:] = made.T.reshape(-1)
    return bool(symmetric)


def quantize_matmul_bnb4(packed: np.ndarray, weights: np.ndarray, peaks: np.ndarray,
                         block_size: int, quant_type: int, columns: int, rows: int) -> None:
    """packed and peaks become those of com.microsoft.MatMulBnb4, of weights [N, K]."""
    if quant_type not in (0, 1):
        raise InvalidInput(f"quant_type is 0 (FP4) or 1 (NF4), not {quant_type}")
    flat = np.asarray(weights, np.float32).reshape(-1)
    blocks = np.zeros((-(-flat.size // block_size), block_size), np.float32)
    blocks.reshape(-1)[:flat.size] = flat
    largest = np.abs(blocks).max(axis=1)
    peaks[:] = largest
    scaled = np.zeros(2 * packed.size, np.float32)
    scaled[:flat.size] = (blocks * _inverse(largest)[:, None]).reshape(-1)[:flat.size]
    if quant_type == 0:
        codes = np.array(_FP4_CODES, np.uint8)[_nearest(_FP4, np.abs(scaled))]
        codes |= np.where(scaled < 0, np.uint8(8), np.uint8(0))
    else:
        codes = _nearest(_NF4, scaled)
    packed[:] = codes[0::2] << 4 | codes[1::2]


def _nearest(values: tuple, wanted: np.ndarray) -> np.ndarray:
    """Numbers of the values that are nearest, which are sorted."""
    sorted_values = np.array(values, np.float32)
    return np.searchsorted((sorted_values[1:] + sorted_values[:-1]) / 2, wanted).astype(np.uint8)


def _fill_blocks(bits: int, packed: np.ndarray, weights: np.ndarray, scales: np.ndarray,
                 zero_points: np.ndarray, block_size: int, columns: int, rows: int,
                 symmetric: bool) -> None:
    made, values, zeros = _blocks(bits, weights, scales.dtype, block_size, columns, rows,
                                  symmetric)
    values.reshape(columns, -1)[:, rows:] = 0
    packed.reshape(-1)[:] = _packed(values.reshape(columns, -1), bits).reshape(-1)
    scales.reshape(-1)[:] = made.reshape(-1)
    if not symmetric:
        zero_points.reshape(-1)[:] = _packed(zeros, bits, fill=1 << (bits - 1)).reshape(-1)


def _blocks(bits: int, weights: np.ndarray, kind: np.dtype, block_size: int, columns: int,
            rows: int, symmetric: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(scales [N, blocks], values [N, blocks, block_size], zero points [N, blocks])."""
    half, most = 1 << (bits - 1), (1 << bits) - 1
    blocks = np.zeros((columns, -(-rows // block_size) * block_size), np.float32)
    blocks[:, :rows] = np.asarray(weights, np.float32).reshape(rows, columns).T
    blocks = blocks.reshape(columns, -1, block_size)
    low, high = np.minimum(blocks.min(axis=2), 0), np.maximum(blocks.max(axis=2), 0)
    if symmetric:
        scales = (np.where(high > -low, high, low) / np.float32(-half)).astype(kind)
        zeros = np.full(scales.shape, half, np.uint8)
    else:
        exact = (high - low) / np.float32(most)
        scales = exact.astype(kind)
        zeros = _rounded(-low * _inverse(exact), most)
    values = _rounded(blocks * _inverse(scales)[:, :, None] + zeros[:, :, None], most)
    return scales, values, zeros


def _inverse(scales: np.ndarray) -> np.ndarray:
    scales = scales.astype(np.float32)
    return np.divide(1, scales, out=np.zeros_like(scales), where=scales != 0)


def _rounded(values: np.ndarray, most: int) -> np.ndarray:
    return np.clip(np.floor(values + np.float32(0.5)), 0, most).astype(np.uint8)


def _packed(values: np.ndarray, bits: int, fill: int = 0) -> np.ndarray:
    """Each row of small numbers in bytes, the first in the lowest bits; `fill` ends a row."""
    in_byte = 8 // bits
    rows, count = values.shape
    padded = np.full((rows, -(-count // in_byte) * in_byte), fill, np.uint8)
    padded[:, :count] = values
    shifts = np.arange(in_byte, dtype=np.uint8) * np.uint8(bits)
    return np.bitwise_or.reduce(padded.reshape(rows, -1, in_byte) << shifts, axis=2)
