"""Conversions for what the native module does not take: strings, scalars, types NumPy lacks."""

import numpy as np

# ONNX TensorProto.DataType numbers of the types that NumPy lacks, by their ml_dtypes name.
_EXOTIC = {
    "bfloat16": 16,
    "float8_e4m3fn": 17,
    "float8_e4m3fnuz": 18,
    "float8_e5m2": 19,
    "float8_e5m2fnuz": 20,
    "uint4": 21,
    "int4": 22,
    "float4_e2m1fn": 23,
    "float8_e8m0fnu": 24,
    "uint2": 25,
    "int2": 26,
}
_STRING = 8


def encode(value):
    """(dtype number, array), or for strings (8, flat list of str or bytes, shape)."""
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        items = [
            item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item)
            for item in array.reshape(-1).tolist()
        ]
        return _STRING, items, array.shape
    number = _EXOTIC.get(array.dtype.name)
    if number is not None:
        bits = np.uint16 if array.dtype.itemsize == 2 else np.uint8
        return number, np.ascontiguousarray(array).view(bits).reshape(array.shape)
    native = array.dtype.newbyteorder("=")
    if native.kind not in "fiubc":
        from ._errors import InvalidInput

        raise InvalidInput(f"an array of {array.dtype} cannot be fed")
    array = np.ascontiguousarray(array.astype(native))
    codes = {
        "f2": 10,
        "f4": 1,
        "f8": 11,
        "i1": 3,
        "i2": 5,
        "i4": 6,
        "i8": 7,
        "u1": 2,
        "u2": 4,
        "u4": 12,
        "u8": 13,
        "b1": 9,
        "c8": 14,
        "c16": 15,
    }
    return codes[native.str[1:]], array.reshape(np.shape(value))


def decode(number, array):
    """The array with the ml_dtypes type of that number if that is installed, raw bits otherwise."""
    try:
        import ml_dtypes
    except ImportError:
        return array
    name = next(name for name, known in _EXOTIC.items() if known == number)
    return array.view(getattr(ml_dtypes, name)) if hasattr(ml_dtypes, name) else array


def decode_strings(items, shape):
    """An object array of str."""
    array = np.empty(len(items), dtype=object)
    array[:] = [item.decode("utf-8", "surrogateescape") for item in items]
    return array.reshape(shape)
