"""onnxruntime_pybind11_state, by the name under which onnxruntime's own modules import it."""

from .onnxruntime_pybind11_state import *  # noqa: F403
from .onnxruntime_pybind11_state import (  # noqa: F401
    DeviceReset,
    EngineError,
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    ModelLoadCanceled,
    ModelLoaded,
    ModelRequiresCompilation,
    NoModel,
    NoSuchFile,
    NotFound,
    NotImplemented,
    OrtValueVector,
    RuntimeException,
    SessionIOBinding,
    get_default_session_options,
    get_session_initializer,
)
