"""Execution providers: which of those that a program names are here."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import _convoy
from ._errors import InvalidInput

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
AZURE = "AzureExecutionProvider"
# Every provider that onnxruntime knows, as get_all_providers lists them: best first.
ALL = (
    "TensorrtExecutionProvider",
    CUDA,
    "MIGraphXExecutionProvider",
    "OpenVINOExecutionProvider",
    "DnnlExecutionProvider",
    "VitisAIExecutionProvider",
    "QNNExecutionProvider",
    "NnapiExecutionProvider",
    "VSINPUExecutionProvider",
    "JsExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
    "RknpuExecutionProvider",
    "WebNNExecutionProvider",
    "WebGpuExecutionProvider",
    "XnnpackExecutionProvider",
    "CANNExecutionProvider",
    AZURE,
    CPU,
)

ProviderArgument = Sequence["str | tuple[str, Mapping[Any, Any]]"]


def get_available_providers() -> list[str]:
    """Names for `providers`, best first."""
    return [CUDA, CPU] if _convoy.has_device("cuda") else [CPU]


def get_all_providers() -> list[str]:
    """Names that onnxruntime knows; get_available_providers() tells which of them are here."""
    return list(ALL)


def check_available(name: str) -> None:
    """Raises InvalidInput for what is no provider's name, or that of one that is not here."""
    if name not in ALL:
        raise InvalidInput(f"Unknown Provider Type: {name}; known are {list(ALL)}")
    if name not in (*get_available_providers(), AZURE):
        raise InvalidInput(f"provider {name!r} is not in this build; available are "
                           f"{get_available_providers()}")


def choose(
    providers: ProviderArgument | str | None,
    provider_options: Sequence[Mapping[Any, Any]] | None,
    known_only: bool = False,
) -> dict[str, dict[str, str]]:
    """Options by name of the providers that are here; the CPU is the last of them.

    What is not here is passed over with a warning (warn_of_absent), as are entries that are neither
    names nor (name, options). known_only: raise InvalidInput for a name that no provider has.
    """
    named = _names_and_options(providers)
    unknown = [name for name, _ in named if name not in ALL]
    if known_only and unknown:
        raise InvalidInput(f"Unknown Provider Type: {unknown[0]}; known are {list(ALL)}")
    if provider_options is not None:
        if isinstance(provider_options, Mapping):
            provider_options = [provider_options]
        if len(provider_options) != len(named):
            warnings.warn(
                f"{len(named)} providers and {len(provider_options)} provider_options are given",
                stacklevel=3,
            )
        named = [
            (name, {**options, **(more or {})})
            for (name, options), more in _zip_longest(named, provider_options)
        ]
    chosen: dict[str, dict[str, str]] = {}
    for name, options in named:
        if name not in get_available_providers():
            warn_of_absent(name, get_available_providers(), stacklevel=4)
        elif name in chosen:
            warnings.warn(f"provider {name!r} is named twice", stacklevel=3)
        else:
            chosen[name] = {str(key): str(value) for key, value in options.items()}
    chosen.setdefault(CPU, {})
    return chosen


def warn_of_absent(name: str, available: Sequence[str], stacklevel: int) -> None:
    """Warns in onnxruntime's words, which programs filter, of a provider that is not available.

    Of AZURE nothing is said: every onnxruntime has it, and it computes no node of ONNX's.
    """
    if name != AZURE:
        warnings.warn(f"Specified provider '{name}' is not in available provider names."
                      f"Available providers: '{', '.join(available)}'", stacklevel=stacklevel)


def device_of(chosen: Mapping[str, Mapping[str, str]]) -> str:
    """Of the provider that was named first."""
    if next(iter(chosen)) != CUDA:
        return "cpu"
    number = chosen[CUDA].get("device_id", "0")
    return "cuda" if number == "0" else f"cuda:{number}"


def _zip_longest(named, options):
    padded = list(options) + [{}] * (len(named) - len(options))
    return zip(named, padded)


def _names_and_options(providers) -> list[tuple[str, Mapping[Any, Any]]]:
    if providers is None:
        return []
    if isinstance(providers, str) or not isinstance(providers, Iterable):
        providers = [providers]
    named: list[tuple[str, Mapping[Any, Any]]] = []
    for entry in providers:
        if isinstance(entry, str):
            named.append((entry, {}))
        elif _is_pair(entry):
            named.append((entry[0], entry[1] or {}))
        else:
            warnings.warn(
                f"provider {entry!r} is neither a name nor (name, options), and passed over",
                stacklevel=4,
            )
    return named


def _is_pair(entry: Any) -> bool:
    return (
        isinstance(entry, (tuple, list))
        and len(entry) == 2
        and isinstance(entry[0], str)
        and (entry[1] is None or isinstance(entry[1], Mapping))
    )
