"""OrtValue: a value that is given to runs and bindings, and comes from them."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _convoy
from ._device import OrtDevice, OrtMemoryInfo, check_cpu, check_device_of_value
from ._errors import InvalidInput, Unsupported
from ._types import (
    DLPACK_TYPES,
    EXOTIC,
    STRING,
    TYPE_NAMES,
    element_number,
    exotic_type,
    numpy_type,
    storage_type,
)


class OrtValue:
    """A tensor over the memory of a NumPy array; or a sequence or a map.

    Made by its ortvalue_from_… functions, by run_with_ort_values and by IOBinding.get_outputs.
    """

    def __init__(self, ortvalue: OrtValue, numpy_obj: np.ndarray | None = None,
                 session: Any = None) -> None:
        """The same value as `ortvalue`, which may be of the native module; others are not read."""
        if not isinstance(ortvalue, OrtValue):
            raise InvalidInput(f"an OrtValue is made of another by its class, or by ortvalue_from_…"
                               f", not of {type(ortvalue).__name__}")
        vars(self).update(vars(ortvalue))

    @classmethod
    def _of(cls, value: Any, number: int | None = None, type_name: str | None = None) -> OrtValue:
        """value: an array, a list, a dict or None. number: the ONNX number of an array's elements.

        type_name: of what is no tensor, as onnxruntime spells it.
        """
        made = cls.__new__(cls)
        made._value = value
        made._number = number
        if number is None and isinstance(value, np.ndarray):
            made._number = element_number(value.dtype)
        made._type = type_name
        return made

    @staticmethod
    def ortvalue_from_numpy(numpy_obj: np.ndarray, device_type: str | OrtDevice = "cpu",
                            device_id: int = 0, vendor_id: int = -1) -> OrtValue:
        """Shares the memory of a contiguous array, copies any other."""
        check_device_of_value(device_type)
        if not isinstance(numpy_obj, np.ndarray):
            raise InvalidInput(
                f"an OrtValue is made from a numpy array, not from {type(numpy_obj).__name__}")
        return OrtValue._of(_row_major(numpy_obj))

    @staticmethod
    def ortvalue_from_numpy_with_onnx_type(data: np.ndarray, onnx_element_type: int) -> OrtValue:
        """An array whose elements are read as that type, which must be as wide."""
        number = element_number(onnx_element_type)
        data = _row_major(data)
        wanted = numpy_type(number) or exotic_type(number)
        width = wanted.itemsize if wanted else (2 if number == EXOTIC["bfloat16"] else 1)
        if number == STRING or data.dtype.itemsize != width:
            raise InvalidInput(f"an array of {data.dtype} cannot be read as {TYPE_NAMES[number]}")
        return OrtValue._of(data.view(wanted) if wanted else data, number)

    @staticmethod
    def ortvalue_from_shape_and_type(shape: Any, element_type: Any = None,
                                     device_type: str | OrtDevice = "cpu", device_id: int = 0,
                                     vendor_id: int = -1,
                                     memory_info: OrtMemoryInfo | None = None) -> OrtValue:
        """Zeros of that shape; element_type is an ONNX number or what numpy.dtype takes.

        memory_info: changes nothing, all memory is the CPU's.
        """
        check_device_of_value(device_type)
        sizes = [int(size) for size in shape]
        if any(size < 0 for size in sizes):
            raise InvalidInput(f"the shape {sizes} has a negative size")
        number = element_number(np.float32 if element_type is None else element_type)
        if number == STRING:
            raise InvalidInput("an OrtValue of strings is made from an array of them")
        return OrtValue._of(np.zeros(sizes, storage_type(number)), number)

    ortvalue_from_shape_and_onnx_type = ortvalue_from_shape_and_type

    @staticmethod
    def ort_value_from_sparse_tensor(sparse_tensor: Any) -> OrtValue:
        """Raises Unsupported, as every way to make a sparse tensor."""
        raise Unsupported("sparse tensors at a model's border are not in Convoy: pass dense ones")

    def _get_c_value(self) -> OrtValue:
        return self

    @property
    def _ortvalue(self) -> OrtValue:
        return self

    def _as_feed(self) -> Any:
        """What the native module takes for this value."""
        if self._number is None or self._number == STRING or numpy_type(self._number):
            return self._value
        bits = np.uint16 if self._value.dtype.itemsize == 2 else np.uint8
        return self._number, self._value.view(bits)

    def _tensor(self, what: str) -> np.ndarray:
        if self._number is None:
            raise InvalidInput(f"{what} of {self.data_type()}, which is no tensor")
        return self._value

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._tensor("the address").ctypes.data

    def device_name(self) -> str:
        """"cpu": where the value lies."""
        return "cpu"

    def shape(self) -> list[int]:
        """Sizes of a tensor; raises InvalidInput for others."""
        return list(self._tensor("the shape").shape)

    def data_type(self) -> str:
        """The type as onnxruntime spells it: "tensor(float)"."""
        if self._number is not None:
            return f"tensor({TYPE_NAMES[self._number]})"
        return self._type or "unknown"

    def element_type(self) -> int:
        """The ONNX number of a tensor's element type."""
        self._tensor("the element type")
        return self._number

    def tensor_size_in_bytes(self) -> int:
        """Bytes of a tensor's elements; raises InvalidInput for others."""
        return self._tensor("the size").nbytes

    def has_value(self) -> bool:
        """False for an empty optional."""
        return self._value is not None

    def is_tensor(self) -> bool:
        """Whether the value is a tensor."""
        return self._number is not None

    def is_tensor_sequence(self) -> bool:
        """Whether the value is a sequence of tensors."""
        return (self._type or "").startswith("seq(tensor")

    def is_sparse_tensor(self) -> bool:
        """False: there are none."""
        return False

    def as_sparse_tensor(self) -> Any:
        """Raises InvalidInput: no value is a sparse tensor."""
        raise InvalidInput(f"{self.data_type()} is no sparse tensor")

    def numpy(self) -> np.ndarray:
        """An array over the same memory; raises InvalidInput for what is no tensor."""
        array = self._tensor("an array").view()
        if self._number != STRING and not numpy_type(self._number) and array.dtype.kind == "u" and (
                array.dtype.name not in EXOTIC):
            raise InvalidInput(
                f"NumPy has no type for {self.data_type()}: install ml_dtypes")
        return array

    def update_inplace(self, data: np.ndarray) -> None:
        """Overwrites the elements, in their order, with those of an array of the same type."""
        array = self._tensor("the elements")
        data = np.asarray(data)
        if data.size != array.size or data.dtype != array.dtype:
            raise InvalidInput(f"{data.dtype}{list(data.shape)} cannot be written into "
                               f"{array.dtype}{list(array.shape)}")
        array[...] = data.reshape(array.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **keywords: Any) -> Any:
        array = self._tensor("a DLPack capsule")
        if self._number in DLPACK_TYPES:
            if keywords.get("dl_device") not in (None, (1, 0)):
                raise BufferError("the value lies in the CPU's memory")
            number, bits = self._as_feed()
            return _convoy.dlpack_capsule(bits.copy() if keywords.get("copy") else bits, number)
        return array.__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def to_dlpack(self) -> Any:
        """A DLPack capsule over the same memory."""
        return self.__dlpack__()

    @staticmethod
    def from_dlpack(data: Any, is_bool_tensor: bool = False) -> OrtValue:
        """Over the memory of a DLPack capsule, or of an object that gives one, on the CPU."""
        try:
            array = np.from_dlpack(data if hasattr(data, "__dlpack__") else _Capsule(data))
        except (BufferError, RuntimeError) as refusal:  # of a type that NumPy lacks, perhaps
            try:
                number, bits = _convoy.from_dlpack(data)
            except InvalidInput:
                raise refusal from None
            return OrtValue._of(_row_major(bits).view(storage_type(number)), number)
        if is_bool_tensor and array.dtype == np.uint8:
            array = array.view(np.bool_)
        return OrtValue._of(_row_major(array))


class _Capsule:
    """What numpy.from_dlpack asks of a bare capsule."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **keywords: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def _row_major(array: np.ndarray) -> np.ndarray:
    """The array itself where its memory can be used as it is, else a copy."""
    usable = array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative
    return array if usable else np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def wrap(value: Any, type_name: str) -> OrtValue:
    """An output of a run; type_name is the output's."""
    if isinstance(value, np.ndarray):
        if type_name.startswith("tensor("):
            names = {name: number for number, name in TYPE_NAMES.items()}
            return OrtValue._of(value, names.get(type_name[len("tensor("):-1]))
        return OrtValue._of(value)
    return OrtValue._of(value, None, type_name)


class OrtValueVector(list):
    """A list of OrtValues, with the names of a vector's methods."""

    push_back = list.append

    def push_back_batch(self, tensors: Sequence[Any], data_ptrs: Sequence[int],
                        element_types: Sequence[Any], shapes: Sequence[Sequence[int]],
                        devices: Sequence[OrtDevice]) -> None:
        """Adds values over the row-major memory at these addresses, which `tensors` keep."""
        parts = list(zip(tensors, data_ptrs, element_types, shapes, devices, strict=True))
        self.extend(_over_memory(*part) for part in parts)

    def reserve(self, count: int) -> None:
        """Lists grow by themselves."""

    def shrink_to_fit(self) -> None:
        """Lists keep what they need."""

    def element_type_at(self, index: int) -> int:
        """The ONNX number of that tensor's element type."""
        return self[index].element_type()

    def dlpack_at(self, index: int) -> Any:
        """A DLPack capsule over the memory of that tensor."""
        return self[index].to_dlpack()

    def to_dlpacks(self, to_tensor: Callable[[Any], Any] | None) -> list[Any]:
        """A DLPack capsule of each tensor, or what to_tensor makes of it."""
        capsules = [value.to_dlpack() for value in self]
        return capsules if to_tensor is None else [to_tensor(capsule) for capsule in capsules]


def _over_memory(owner: Any, address: int, element_type: Any, shape: Sequence[int],
                 device: OrtDevice) -> OrtValue:
    check_cpu(device, "memory of an OrtValue")
    number = element_number(element_type)
    if number == STRING:
        raise InvalidInput("strings have no memory to be read")
    dtype = storage_type(number)
    count = math.prod(shape)
    if count and not address:
        raise InvalidInput("an OrtValue is to lie at a null pointer")
    memory = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    memory._owner = owner  # for as long as the array lives
    return OrtValue._of(np.frombuffer(memory, dtype, count).reshape(shape), number)


class SparseTensor:
    """Sparse tensors at a model's border are not in Convoy: every way to make one raises."""

    def __init__(self, sparse_tensor: Any = None) -> None:
        OrtValue.ort_value_from_sparse_tensor(sparse_tensor)

    @staticmethod
    def sparse_coo_from_numpy(*arguments: Any) -> SparseTensor:
        """Raises Unsupported."""
        return SparseTensor()

    @staticmethod
    def sparse_csr_from_numpy(*arguments: Any) -> SparseTensor:
        """Raises Unsupported."""
        return SparseTensor()

    @staticmethod
    def blocksparse_from_numpy(*arguments: Any) -> SparseTensor:
        """Raises Unsupported."""
        return SparseTensor()


def copy_tensors(sources: Any, destinations: Any, stream: Any = None) -> None:
    """Writes the elements of each source over those of its destination."""
    sources, destinations = list(sources), list(destinations)
    if len(sources) != len(destinations):
        raise InvalidInput(f"{len(sources)} sources for {len(destinations)} destinations")
    for source, destination in zip(sources, destinations):
        destination.update_inplace(source.numpy())
