"""Convoy: runs ONNX models and makes them better.

import convoy
session = convoy.InferenceSession("model.onnx")
outputs = session.run(None, {"x": array})
"""

from ._errors import (
    DeviceFailure,
    Error,
    Internal,
    InvalidInput,
    InvalidModel,
    OutOfMemory,
    Unsupported,
)
from ._optimize import optimize
from ._session import (
    InferenceSession,
    IOBinding,
    NodeArg,
    SessionOptions,
    get_available_providers,
    get_device,
)

__version__ = "0.1.0"
__all__ = [
    "DeviceFailure",
    "Error",
    "IOBinding",
    "InferenceSession",
    "Internal",
    "InvalidInput",
    "InvalidModel",
    "NodeArg",
    "OutOfMemory",
    "SessionOptions",
    "Unsupported",
    "get_available_providers",
    "get_device",
    "optimize",
]
