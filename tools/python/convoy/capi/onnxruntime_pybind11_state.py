"""Names of onnxruntime's native module: exceptions, options, values, functions."""

from .. import *  # noqa: F403
from .._errors import (  # noqa: F401
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
    RuntimeException,
)
from .._native_face import NativeFace as InferenceSession  # noqa: F401
from .._options import SessionOptions
from .._ortvalue import OrtValueVector  # noqa: F401
from .._weight_blocks import (  # noqa: F401
    quantize_matmul_2bits,
    quantize_matmul_4bits,
    quantize_matmul_8bits,
    quantize_matmul_bnb4,
    quantize_qdq_matmul_4bits,
)


def get_default_session_options() -> SessionOptions:
    """Options with which a session is made where none are given."""
    return SessionOptions()


def get_session_initializer() -> SessionOptions:
    """As get_default_session_options, by an older name."""
    return SessionOptions()
