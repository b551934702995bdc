"""Names of onnxruntime's module of sessions and values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .._binding import IOBinding
from .._device import OrtDevice, OrtDeviceVendorId, device_number
from .._errors import InvalidInput
from .._ortvalue import OrtValue, SparseTensor, copy_tensors
from .._providers import warn_of_absent
from .._session import InferenceSession
from . import _pybind_state as C  # noqa: N812, onnxruntime's name for it

Session = InferenceSession


def get_ort_device_type(device_type: str) -> int:
    """onnxruntime's number of a kind of device."""
    return device_number(device_type)


def check_and_normalize_provider_args(
    providers: Sequence[Any] | None,
    provider_options: Sequence[dict[Any, Any]] | None,
    available_provider_names: Sequence[str],
) -> tuple[list[str], list[dict[str, str]]]:
    """Names and options, as texts, of the providers given, in their order.

    Raises InvalidInput, a ValueError, where an argument is of another form.
    """
    if providers is None:
        return [], []
    _check(isinstance(providers, Sequence), "providers are a sequence")
    pairs = [entry if isinstance(entry, tuple) else (entry, {}) for entry in providers]
    _check(all(len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], dict)
               for pair in pairs), "a provider is a name or (name, options)")
    if provider_options is not None:
        _check(isinstance(provider_options, Sequence), "provider_options are a sequence")
        _check(len(provider_options) == len(pairs), "there are as many options as providers")
        _check(all(isinstance(entry, str) for entry in providers),
               "providers are names where provider_options are given")
        _check(all(isinstance(options, dict) for options in provider_options),
               "options of a provider are a dict")
        pairs = [(name, options) for (name, _), options in zip(pairs, provider_options)]
    chosen: dict[str, dict[str, str]] = {}
    for name, options in pairs:
        if name not in available_provider_names:
            warn_of_absent(name, available_provider_names, stacklevel=3)
        if name in chosen:
            warnings.warn(f"provider {name!r} is named twice", stacklevel=2)
        else:
            chosen[name] = {str(key): str(value) for key, value in options.items()}
    return list(chosen), list(chosen.values())


def _check(holds: bool, words: str) -> None:
    if not holds:
        raise InvalidInput(words)


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
