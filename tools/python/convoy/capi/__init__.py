"""Modules that programs import from onnxruntime.capi, over Convoy's own."""

from . import (
    _pybind_state,
    onnxruntime_inference_collection,
    onnxruntime_pybind11_state,
    onnxruntime_validation,
)

# Names below the package, this one first.
MODULES = (
    "capi",
    "capi._pybind_state",
    "capi.onnxruntime_inference_collection",
    "capi.onnxruntime_pybind11_state",
    "capi.onnxruntime_validation",
)
__all__ = [
    "MODULES",
    "_pybind_state",
    "onnxruntime_inference_collection",
    "onnxruntime_pybind11_state",
    "onnxruntime_validation",
]
