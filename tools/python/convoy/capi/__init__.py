"""Modules that programs import from onnxruntime.capi, over Convoy's own."""

from . import (
    _ld_preload,
    _pybind_state,
    build_and_package_info,
    convert_npz_to_onnx_adapter,
    onnxruntime_inference_collection,
    onnxruntime_pybind11_state,
    onnxruntime_validation,
)

# Names below the package, this one first.
MODULES = (
    "capi",
    "capi._ld_preload",
    "capi._pybind_state",
    "capi.build_and_package_info",
    "capi.convert_npz_to_onnx_adapter",
    "capi.onnxruntime_inference_collection",
    "capi.onnxruntime_pybind11_state",
    "capi.onnxruntime_validation",
)
__all__ = [
    "MODULES",
    "_ld_preload",
    "_pybind_state",
    "build_and_package_info",
    "convert_npz_to_onnx_adapter",
    "onnxruntime_inference_collection",
    "onnxruntime_pybind11_state",
    "onnxruntime_validation",
]
