"""Conversions for what the native module does not take: strings, scalars, types NumPy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import InvalidInput
from ._types import EXOTIC, STRING, TYPE_NAMES, element_number, exotic_type, numpy_type


def encode(value: Any, wanted: int = 0) -> tuple:
    """(dtype number, array), or for strings (8, flat list of str or bytes, shape).

    wanted: the number of the element type that Python's own lists and numbers become; 0: NumPy's
    choice. Arrays and NumPy's scalars keep theirs.
    """
    array = _as_array(value, wanted)
    if array.dtype.kind in "OUSV" and array.dtype.name not in EXOTIC:
        return STRING, [_text(item) for item in array.reshape(-1).tolist()], array.shape
    number = EXOTIC.get(array.dtype.name)
    if number is not None:
        bits = np.uint16 if array.dtype.itemsize == 2 else np.uint8
        return number, np.ascontiguousarray(array).view(bits).reshape(array.shape)
    native = array.dtype.newbyteorder("=")
    if native.kind not in "fiubc":
        raise InvalidInput(f"an array of {array.dtype} cannot be fed")
    shape = array.shape
    return element_number(native), np.ascontiguousarray(array.astype(native)).reshape(shape)


def _as_array(value: Any, wanted: int) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidInput(f"a list that is no array: {error}") from None
    if isinstance(value, (np.ndarray, np.generic)) or not wanted:
        return array
    if wanted == STRING:
        return array.astype(object) if array.dtype.kind not in "OUSV" else array
    dtype = numpy_type(wanted) or exotic_type(wanted)
    if dtype is None or array.dtype == dtype:
        return array
    array = _with_wide_integers(array, dtype)
    if not _holds(array, dtype):
        raise InvalidInput(f"{_short(value)} cannot become {TYPE_NAMES[wanted]}")
    return array.astype(dtype)


def _with_wide_integers(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Python's integers that no integer type of NumPy's holds, as floats where those are wanted."""
    if array.dtype.kind != "O" or dtype.kind not in "fV" or not all(
            isinstance(item, int) for item in array.flat):
        return array
    try:
        return array.astype(np.float64)
    except OverflowError:
        return array


def _holds(array: np.ndarray, dtype: np.dtype) -> bool:
    """Whether numbers keep their values; roundings of floating-point numbers do not count."""
    if array.dtype.kind not in "iubfc":
        return array.size == 0
    if array.dtype.kind == "c":
        return dtype.kind == "c"
    is_integer = dtype.kind in "iub" or dtype.name in ("int4", "uint4", "int2", "uint2")
    if not is_integer:
        return True
    with np.errstate(invalid="ignore"):
        return bool((array.astype(dtype).astype(array.dtype) == array).all())


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(item: Any) -> str:
    return item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item)


def decode(number: int, array: np.ndarray) -> np.ndarray:
    """The array with the ml_dtypes type of that number if that is installed, raw bits otherwise."""
    dtype = exotic_type(number)
    return array if dtype is None else array.view(dtype)


def decode_strings(items: list[bytes], shape: tuple) -> np.ndarray:
    """An object array of str."""
    array = np.empty(len(items), dtype=object)
    array[:] = [item.decode("utf-8", "surrogateescape") for item in items]
    return array.reshape(shape)
