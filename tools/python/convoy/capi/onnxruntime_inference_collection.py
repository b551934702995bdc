"""Names of onnxruntime's module of sessions and values."""

from __future__ import annotations

from .._binding import IOBinding
from .._device import OrtDevice, OrtDeviceVendorId, device_number
from .._ortvalue import OrtValue, SparseTensor, copy_tensors
from .._session import InferenceSession
from . import _pybind_state as C  # noqa: N812, onnxruntime's name for it

Session = InferenceSession


def get_ort_device_type(device_type: str) -> int:
    """onnxruntime's number of a kind of device."""
    return device_number(device_type)


def check_and_normalize_provider_args(providers, provider_options, available_provider_names):
    """(names, options) of the providers that are given, in their order."""
    options = dict(zip(providers or (), provider_options or ({},) * len(providers or ())))
    named = [entry if isinstance(entry, tuple) else (entry, options.get(entry, {}))
             for entry in providers or ()]
    texts = [{str(key): str(value) for key, value in given.items()} for _, given in named]
    return [name for name, _ in named], texts


__all__ = [
    "C",
    "IOBinding",
    "InferenceSession",
    "OrtDevice",
    "OrtDeviceVendorId",
    "OrtValue",
    "Session",
    "SparseTensor",
    "check_and_normalize_provider_args",
    "copy_tensors",
    "get_ort_device_type",
]
