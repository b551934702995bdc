"""onnxruntime_pybind11_state, by the name under which onnxruntime's own modules import it."""

from .onnxruntime_pybind11_state import *  # noqa: F403
