"""convoy.backend under onnxruntime's name; needs onnx."""

from convoy.backend import *  # noqa: F403
from convoy.backend import (  # noqa: F401
    is_compatible,
    prepare,
    run,
    run_model,
    run_node,
    supports_device,
)
