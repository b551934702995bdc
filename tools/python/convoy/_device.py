"""Names of devices and memory. There is one device: the CPU."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import _convoy
from ._enums import (
    OrtAllocatorType,
    OrtDeviceMemoryType,
    OrtDeviceVendorId,
    OrtHardwareDeviceType,
    OrtMemType,
)
from ._errors import InvalidInput, Unsupported
from ._logging import accepted

_NUMBERS = {"cpu": 0, "gpu": 1, "cuda": 1, "webgpu": 1, "fpga": 2, "npu": 3, "cann": 3, "dml": 4}
_VENDORS = {
    "cuda": OrtDeviceVendorId.NVIDIA,
    "dml": OrtDeviceVendorId.MICROSOFT,
    "cann": OrtDeviceVendorId.HUAWEI,
}


class OrtDevice:
    """A device by its number: OrtDevice.make("cpu", 0)."""

    def __init__(self, device_type: int = 0, mem_type: int = 0, device_id: int = 0,
                 vendor_id: int = 0) -> None:
        self._type, self._memory, self._id, self._vendor = (
            device_type, mem_type, device_id, vendor_id)

    @staticmethod
    def make(ort_device_name: str, device_id: int = 0, vendor_id: int = -1) -> OrtDevice:
        """The device of that name; raises InvalidInput for a name that onnxruntime has not."""
        number = device_number(ort_device_name)
        if vendor_id < 0:
            vendor_id = _VENDORS.get(ort_device_name.lower(), OrtDeviceVendorId.NONE)
        return OrtDevice(number, 0, device_id, int(vendor_id))

    def device_type(self) -> int:
        """onnxruntime's number of the kind of device."""
        return self._type

    def device_id(self) -> int:
        """Which device of its kind."""
        return self._id

    def device_mem_type(self) -> int:
        """onnxruntime's number of the kind of memory."""
        return self._memory

    def device_vendor_id(self) -> int:
        """The number of the vendor on the PCI bus; 0 of the CPU."""
        return self._vendor

    mem_type = device_mem_type
    vendor_id = device_vendor_id

    @staticmethod
    def cpu() -> int:
        """The number of that kind of device."""
        return 0

    @staticmethod
    def cuda() -> int:
        """The number of that kind of device."""
        return 1

    @staticmethod
    def gpu() -> int:
        """The number of that kind of device."""
        return 1

    @staticmethod
    def webgpu() -> int:
        """The number of that kind of device."""
        return 1

    @staticmethod
    def fpga() -> int:
        """The number of that kind of device."""
        return 2

    @staticmethod
    def npu() -> int:
        """The number of that kind of device."""
        return 3

    @staticmethod
    def cann() -> int:
        """The number of that kind of device."""
        return 3

    @staticmethod
    def dml() -> int:
        """The number of that kind of device."""
        return 4

    @staticmethod
    def default_memory() -> int:
        """The number of the usual kind of memory."""
        return 0

    def _get_c_device(self) -> OrtDevice:
        return self


def device_number(name: str) -> int:
    """onnxruntime's number of a kind of device."""
    number = _NUMBERS.get(str(name).lower())
    if number is None:
        raise InvalidInput(f"there is no device {name!r}; known are {sorted(_NUMBERS)}")
    return number


def check_cpu(device_type: str | OrtDevice, what: str) -> None:
    """Raises Unsupported unless the device is the CPU, InvalidInput if it is none at all."""
    is_device = isinstance(device_type, OrtDevice)
    number = device_type.device_type() if is_device else device_number(device_type)
    if number != 0:
        name = f"number {number}" if is_device else repr(device_type)
        raise Unsupported(f"{what} cannot be on device {name}: memory of the CPU only is used")


def check_device_of_value(device_type: str | OrtDevice) -> None:
    """As check_cpu, but values may be asked for on CUDA where that is: their memory is the CPU's
    all the same, and runs copy it."""
    is_device = isinstance(device_type, OrtDevice)
    number = device_type.device_type() if is_device else device_number(device_type)
    if number == _NUMBERS["cuda"] and _convoy.has_device("cuda"):
        accepted("memory of the GPU for values, which lie in the CPU's,")
    else:
        check_cpu(device_type, "an OrtValue")


class OrtMemoryInfo:
    """Where memory lies."""

    def __init__(self, name: str = "Cpu",
                 allocator_type: OrtAllocatorType = OrtAllocatorType.ORT_DEVICE_ALLOCATOR,
                 device_id: int = 0, mem_type: OrtMemType = OrtMemType.DEFAULT) -> None:
        self.name = name
        self.allocator_type = allocator_type
        self.device_id = device_id
        self.mem_type = mem_type
        self.device_mem_type = OrtDeviceMemoryType.DEFAULT
        self.device_vendor_id = 0

    @staticmethod
    def create_v2(name: str, device_type: object = None, vendor_id: int = 0, device_id: int = 0,
                  device_mem_type: OrtDeviceMemoryType = OrtDeviceMemoryType.DEFAULT,
                  alignment: int = 0,
                  allocator_type: OrtAllocatorType = OrtAllocatorType.ORT_DEVICE_ALLOCATOR,
                  ) -> OrtMemoryInfo:
        """OrtMemoryInfo by the arguments of onnxruntime's newer form."""
        made = OrtMemoryInfo(name, allocator_type, device_id)
        made.device_mem_type, made.device_vendor_id = device_mem_type, vendor_id
        return made


class OrtArenaCfg:
    """How an arena grows, by names or in their order; Convoy's have the size of their plans."""

    def __init__(self, *settings: object) -> None:
        names = ("max_mem", "arena_extend_strategy", "initial_chunk_size_bytes",
                 "max_dead_bytes_per_chunk", "initial_growth_chunk_size_bytes",
                 "max_power_of_two_extend_bytes")
        for name in names:
            setattr(self, name, -1)
        given = settings[0] if settings and isinstance(settings[0], dict) else dict(
            zip(names, settings))
        for name, value in given.items():
            if name not in names:
                raise InvalidInput(f"an arena has no setting {name!r}")
            setattr(self, name, value)


@dataclass
class OrtHardwareDevice:
    """A piece of hardware."""

    type: OrtHardwareDeviceType = OrtHardwareDeviceType.CPU
    vendor: str = ""
    vendor_id: int = 0
    device_id: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class OrtEpDevice:
    """A provider and the hardware that it runs on."""

    ep_name: str = "CPUExecutionProvider"
    ep_vendor: str = "Convoy"
    ep_metadata: dict[str, str] = field(default_factory=dict)
    ep_options: dict[str, str] = field(default_factory=dict)
    device: OrtHardwareDevice = field(default_factory=OrtHardwareDevice)

    def memory_info(self, memory_type: OrtDeviceMemoryType) -> OrtMemoryInfo:
        """The memory of that kind: all of it is the CPU's."""
        return OrtMemoryInfo()


@dataclass
class OrtEpAssignedNode:
    """A node of a model."""

    domain: str
    op_type: str
    name: str


@dataclass
class OrtEpAssignedSubgraph:
    """Nodes that run on one provider."""

    ep_name: str
    nodes: list[OrtEpAssignedNode]

    def get_nodes(self) -> list[OrtEpAssignedNode]:
        """The nodes, in the order of the model."""
        return self.nodes


def get_ep_devices() -> list[OrtEpDevice]:
    """What a session may run on."""
    return [OrtEpDevice()]
