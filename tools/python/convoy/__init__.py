"""Convoy: runs ONNX models and makes them better.

import convoy
session = convoy.InferenceSession("model.onnx")
outputs = session.run(None, {"x": array})

All of onnxruntime's public names are here too: `import convoy as onnxruntime`.
"""

from ._absent import *  # noqa: F403
from ._absent import __all__ as _absent_names
from ._binding import IOBinding, SessionIOBinding
from ._device import (
    OrtArenaCfg,
    OrtDevice,
    OrtEpAssignedNode,
    OrtEpAssignedSubgraph,
    OrtEpDevice,
    OrtHardwareDevice,
    OrtMemoryInfo,
    get_ep_devices,
)
from ._enums import (
    ExecutionMode,
    ExecutionOrder,
    GraphOptimizationLevel,
    ModelPackageWriteMode,
    OrtAllocatorType,
    OrtCompileApiFlags,
    OrtDeviceMemoryType,
    OrtDeviceVendorId,
    OrtExecutionProviderDevicePolicy,
    OrtHardwareDeviceType,
    OrtMemoryInfoDeviceType,
    OrtMemType,
    OrtSparseFormat,
)
from ._errors import (
    DeviceFailure,
    Error,
    Internal,
    InvalidInput,
    InvalidModel,
    MissingFile,
    NodeFailure,
    NotAModel,
    OutOfMemory,
    Terminated,
    Unsupported,
)
from ._install import install_as_onnxruntime
from ._logging import (
    set_default_logger_callback,
    set_default_logger_severity,
    set_default_logger_verbosity,
)
from ._optimize import optimize
from ._options import RunOptions, SessionOptions
from ._ortvalue import OrtValue, SparseTensor, copy_tensors
from ._process import (
    __version__,
    create_and_register_allocator,
    create_and_register_allocator_v2,
    disable_telemetry_events,
    enable_telemetry_events,
    get_build_info,
    get_device,
    get_version_string,
    has_collective_ops,
    preload_dlls,
    print_debug_info,
    set_global_thread_pool_sizes,
    set_seed,
)
from ._providers import get_all_providers, get_available_providers
from ._session import InferenceSession
from ._types import ModelMetadata, NodeArg

__all__ = [
    *_absent_names,
    "DeviceFailure",
    "Error",
    "ExecutionMode",
    "ExecutionOrder",
    "GraphOptimizationLevel",
    "IOBinding",
    "InferenceSession",
    "Internal",
    "InvalidInput",
    "InvalidModel",
    "MissingFile",
    "ModelMetadata",
    "ModelPackageWriteMode",
    "NodeArg",
    "NodeFailure",
    "NotAModel",
    "OrtAllocatorType",
    "OrtArenaCfg",
    "OrtCompileApiFlags",
    "OrtDevice",
    "OrtDeviceMemoryType",
    "OrtDeviceVendorId",
    "OrtEpAssignedNode",
    "OrtEpAssignedSubgraph",
    "OrtEpDevice",
    "OrtExecutionProviderDevicePolicy",
    "OrtHardwareDevice",
    "OrtHardwareDeviceType",
    "OrtMemType",
    "OrtMemoryInfo",
    "OrtMemoryInfoDeviceType",
    "OrtSparseFormat",
    "OrtValue",
    "OutOfMemory",
    "RunOptions",
    "SessionIOBinding",
    "SessionOptions",
    "SparseTensor",
    "Terminated",
    "Unsupported",
    "__version__",
    "copy_tensors",
    "create_and_register_allocator",
    "create_and_register_allocator_v2",
    "disable_telemetry_events",
    "enable_telemetry_events",
    "get_all_providers",
    "get_available_providers",
    "get_build_info",
    "get_device",
    "get_ep_devices",
    "get_version_string",
    "has_collective_ops",
    "install_as_onnxruntime",
    "optimize",
    "preload_dlls",
    "print_debug_info",
    "set_default_logger_callback",
    "set_default_logger_severity",
    "set_default_logger_verbosity",
    "set_global_thread_pool_sizes",
    "set_seed",
]

from . import capi  # noqa: E402, its modules read the names above
