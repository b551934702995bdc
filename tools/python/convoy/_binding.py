"""IOBinding: memory that a session reads its inputs from and writes its outputs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _convoy
from ._device import OrtDevice, check_cpu, device_number
from ._errors import InvalidInput
from ._options import stop_flag
from ._ortvalue import OrtValue, OrtValueVector, wrap
from ._types import element_number

if TYPE_CHECKING:
    from ._session import InferenceSession


class IOBinding:
    """Arrays that a session reads and writes in place, run after run; made by io_binding().

    Used by one thread at a time; several bindings of one session may run at once.
    """

    def __init__(self, session: InferenceSession) -> None:
        self._session = session._session
        self._binding = _convoy.Binding(session._session)
        self._types = {output.name: output.type for output in session.get_outputs()}
        # Names of bound outputs in the order of binding, and the OrtValues or arrays bound to them.
        self._outputs: dict[str, Any] = {}

    @property
    def _iobinding(self) -> SessionIOBinding:
        # The same binding: both have one dict of attributes.
        native = SessionIOBinding.__new__(SessionIOBinding)
        native.__dict__ = self.__dict__
        return native

    def bind_cpu_input(self, name: str, arr_on_cpu: Any) -> None:
        """Every run reads this array, until another is bound."""
        self._binding.bind_input(name, arr_on_cpu)

    def bind_input(self, name: str, device_type: str, device_id: int, element_type: Any,
                   shape: Sequence[int], buffer_ptr: int) -> None:
        """Every run reads row-major memory at that address, which the caller keeps."""
        check_cpu(device_type, f"input {name!r}")
        self._binding.bind_input_memory(
            name, element_number(element_type), [int(size) for size in shape], int(buffer_ptr))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        """Every run reads this value."""
        self._binding.bind_input(name, _ort_value(ortvalue))

    def bind_output(self, name: str, device_type: Any = "cpu", device_id: int = 0,
                    element_type: Any = None, shape: Sequence[int] | None = None,
                    buffer_ptr: int | None = None) -> None:
        """The output of that name is wanted; a run allocates it, or writes to what is given.

        What a run allocates is the CPU's memory, whatever the device. What is given is row-major
        memory at buffer_ptr, of this element type and shape; or, in the place of device_type, a
        contiguous numpy array of the output's type and shape.
        """
        if device_type is None or not isinstance(device_type, str) and (
                hasattr(device_type, "shape") or hasattr(device_type, "__len__")):
            return self._bind_array(name, device_type)
        self._binding.check_output(name)
        if buffer_ptr is None:
            self._check_device(device_type)
            self._forget(name)
            self._outputs[name] = None
            return None
        check_cpu(device_type, f"output {name!r}")
        if element_type is None or shape is None:
            raise InvalidInput(
                f"output {name!r} is bound to memory without its element_type and shape")
        self._binding.bind_output_memory(
            name, element_number(element_type), [int(size) for size in shape], int(buffer_ptr))
        self._outputs[name] = buffer_ptr
        return None

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        """Every run writes to this tensor, which must have the output's type and shape."""
        array = _ort_value(ortvalue)._tensor("the memory")
        if array.dtype.hasobject:
            raise InvalidInput(f"output {name!r} is bound to a tensor of strings")
        self._binding.bind_output_memory(
            name, ortvalue.element_type(), ortvalue.shape(), ortvalue.data_ptr())
        self._outputs[name] = ortvalue

    @staticmethod
    def _check_device(device_type: Any) -> None:
        if not isinstance(device_type, OrtDevice):
            device_number(device_type)

    def _bind_array(self, name: str, array: Any) -> None:
        if array is None:
            self._binding.check_output(name)
            self._forget(name)
            self._outputs[name] = None
            return
        if not (isinstance(array, np.ndarray) and array.flags.writeable):
            raise InvalidInput(f"output {name!r} is bound to what is no writeable numpy array")
        self._binding.bind_output(name, array)
        self._outputs[name] = array

    def _forget(self, name: str) -> None:
        """Memory that was bound to the output is not written to again."""
        if self._outputs.get(name) is not None:
            self._binding.clear_output(name)

    def _value(self, name: str, bound: Any) -> Any:
        value = self._binding.output(name)
        if value is None and self._types[name].startswith("tensor"):
            raise InvalidInput(f"output {name!r} has no value before a run")
        return value

    def get_outputs(self) -> list[OrtValue]:
        """The bound outputs of the last run, in the order of binding."""
        return OrtValueVector(
            bound if isinstance(bound, OrtValue)
            else wrap(self._value(name, bound), self._types[name])
            for name, bound in self._outputs.items())

    def get_outputs_as_ortvaluevector(self) -> list[OrtValue]:
        """get_outputs(), as a vector of OrtValues."""
        return self.get_outputs()

    def copy_outputs_to_cpu(self) -> list[Any]:
        """The bound outputs of the last run, in the order of binding.

        An array that was given to bind_output comes back itself; what else is bound is copied.
        """
        results = []
        for name, bound in self._outputs.items():
            if isinstance(bound, OrtValue):
                results.append(np.array(bound.numpy()))
                continue
            value = self._value(name, bound)
            results.append(np.array(value) if isinstance(bound, int) else value)
        return results

    def clear_binding_inputs(self) -> None:
        """Forgets every bound input."""
        self._binding.clear_inputs()

    def clear_binding_outputs(self) -> None:
        """Forgets every bound output: none is wanted any more."""
        self._binding.clear_outputs()
        self._outputs.clear()

    def synchronize_inputs(self) -> None:
        """Nothing is pending on the CPU."""

    def synchronize_outputs(self) -> None:
        """Nothing is pending on the CPU."""

    def _run(self, run_options: Any) -> None:
        if not self._outputs:
            raise InvalidInput("no output is bound: at least one must be")
        self._binding.run(stop_flag(run_options))


class SessionIOBinding(IOBinding):
    """An IOBinding whose methods take their arguments as onnxruntime's native module does."""

    def bind_input(self, name: str, *memory: Any) -> None:
        """memory: an array, or OrtDevice, element type, shape and address."""
        if len(memory) == 1:
            self.bind_cpu_input(name, memory[0])
        else:
            super().bind_input(name, *_with_device_id(memory))

    def bind_output(self, name: str, *memory: Any) -> None:
        """memory: an OrtDevice; with element type, shape and address of what a run writes to."""
        super().bind_output(name, *_with_device_id(memory))


def _with_device_id(memory: tuple) -> tuple:
    device, *rest = memory or ("cpu",)
    return (device, device.device_id(), *rest) if isinstance(device, OrtDevice) else memory


def _ort_value(value: Any) -> OrtValue:
    if not isinstance(value, OrtValue):
        raise InvalidInput(f"an OrtValue is bound, not {type(value).__name__}")
    return value
