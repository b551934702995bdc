"""What describes a model: its inputs, outputs, metadata; and names of element types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._errors import InvalidInput

# How onnxruntime spells element types, by their ONNX number.
TYPE_NAMES = {
    1: "float",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "double",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4e2m1",
    24: "float8e8m0",
    25: "uint2",
    26: "int2",
}
STRING = 8
_NUMPY_TYPES = {
    1: "f4",
    2: "u1",
    3: "i1",
    4: "u2",
    5: "i2",
    6: "i4",
    7: "i8",
    9: "?",
    10: "f2",
    11: "f8",
    12: "u4",
    13: "u8",
    14: "c8",
    15: "c16",
}
_NUMBERS = {np.dtype(name): number for number, name in _NUMPY_TYPES.items()}
# Types that NumPy lacks, by their ml_dtypes name.
EXOTIC = {
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
# Those that NumPy lacks and DLPack has: bfloat16 and the floats of 8 bits.
DLPACK_TYPES = frozenset((16, 17, 18, 19, 20, 24))


def numpy_type(number: int) -> np.dtype | None:
    """NumPy's type of an ONNX number; None for strings and types that NumPy lacks."""
    name = _NUMPY_TYPES.get(number)
    return None if name is None else np.dtype(name)


def exotic_type(number: int) -> np.dtype | None:
    """The ml_dtypes type of that number, if ml_dtypes is installed and has it."""
    name = next((name for name, known in EXOTIC.items() if known == number), None)
    try:
        import ml_dtypes
    except ImportError:
        return None
    return np.dtype(getattr(ml_dtypes, name)) if name and hasattr(ml_dtypes, name) else None


def storage_type(number: int) -> np.dtype:
    """The NumPy or ml_dtypes type of a number that is not STRING; else unsigned bits as wide."""
    return numpy_type(number) or exotic_type(number) or np.dtype(
        "u2" if number == EXOTIC["bfloat16"] else "u1")


def element_number(element_type: Any) -> int:
    """The ONNX number of an element type: a number already, or whatever numpy.dtype takes."""
    if isinstance(element_type, (int, np.integer)) and not isinstance(element_type, bool):
        if int(element_type) not in TYPE_NAMES:
            raise InvalidInput(f"{element_type} is no element type of ONNX")
        return int(element_type)
    dtype = np.dtype(element_type)
    if dtype.kind in "OUS":
        return STRING
    number = _NUMBERS.get(dtype.newbyteorder("="), EXOTIC.get(dtype.name))
    if number is None:
        raise InvalidInput(f"{dtype} is no element type of ONNX")
    return number


class NodeArg:
    """An input or output: sizes are numbers, symbols, or None where nothing is known.

    What is no tensor, or a tensor of unknown rank, has the shape [].
    """

    def __init__(self, name: str, type: str, shape: list) -> None:  # noqa: A002, as the property
        self._name, self._type, self._shape = name, type, tuple(shape)

    @property
    def name(self) -> str:
        """The name in the model."""
        return self._name

    @property
    def type(self) -> str:
        """The type as onnxruntime spells it: "tensor(float)"."""
        return self._type

    @property
    def shape(self) -> list:
        """Sizes, in a list of the caller's own."""
        return list(self._shape)

    def __str__(self) -> str:
        return f"NodeArg(name={self.name!r}, type={self.type!r}, shape={self.shape!r})"

    __repr__ = __str__


@dataclass(slots=True)
class ModelMetadata:
    """What the model file says about itself."""

    custom_metadata_map: dict[str, str] = field(default_factory=dict)
    description: str = ""
    domain: str = ""
    graph_description: str = ""
    graph_name: str = ""
    producer_name: str = ""
    version: int = 0
