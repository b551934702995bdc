"""From SessionOptions and keywords to the settings of the native session."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _convoy
from ._enums import GraphOptimizationLevel
from ._errors import InvalidInput, InvalidModel, Unsupported
from ._logging import WARNING, accepted
from ._options import (
    DATA_FILE,
    DATA_LEAST_BYTES,
    DENORMAL_AS_ZERO,
    LIST_NODES,
    SAVE_FORMAT,
    SessionOptions,
)

_CONFIG_VARIABLE = "ORT_LOAD_CONFIG_FROM_MODEL"
_KNOWN_KEYWORDS = {"device", "threads", "optimize", "denormals", "disabled_optimizers",
                   "read_config_from_model", "enable_fallback"}


def reads_config(keywords: dict[str, Any]) -> bool:
    """Whether options of the model's metadata apply: a keyword says so, else the environment."""
    if "read_config_from_model" in keywords:
        return int(keywords["read_config_from_model"]) == 1
    return os.environ.get(_CONFIG_VARIABLE) == "1"


def configured(given: Any, source: str | bytes, keywords: dict[str, Any]) -> SessionOptions:
    """A copy of the options, with those of the model's metadata if reads_config(keywords)."""
    options = _own(given)
    if reads_config(keywords):
        text = _convoy.metadata(source)["custom_metadata_map"].get("ort_config")
        if text:
            _apply(options, text)
    return options


def native_settings(options: SessionOptions, keywords: dict[str, Any]) -> dict[str, Any]:
    """What convoy._convoy.Session takes."""
    for name in keywords.keys() - _KNOWN_KEYWORDS:
        accepted(f"the keyword {name!r} of InferenceSession")
    disabled = set(keywords.get("disabled_optimizers") or ())
    rewrites = set(_convoy.rewrite_names())
    for name in sorted(disabled - rewrites):
        accepted(f"disabled_optimizers={name!r}")
    level = options.graph_optimization_level
    return {
        "device": keywords["device"],
        "threads": keywords["threads"] or options.intra_op_num_threads,
        "optimize": keywords["optimize"] and level != GraphOptimizationLevel.ORT_DISABLE_ALL,
        "denormals": _denormals(options, keywords),
        "memory_limit": options.memory_limit,
        "tuning_file": options.tuning_file,
        "skip": sorted(disabled & rewrites),
        "silent": options.log_severity_level > WARNING,
        "record": options.enable_profiling,
        "optimized_path": _optimized_path(options),
        "optimized_data_file": options._entries.get(DATA_FILE, ""),
        "optimized_data_least_bytes": _count(options, DATA_LEAST_BYTES, 1024),
        "list_nodes": options._entries.get(LIST_NODES) == "1",
        **options._reading(),
    }


def _denormals(options: SessionOptions, keywords: dict[str, Any]) -> str:
    as_zero = options._entries.get(DENORMAL_AS_ZERO) == "1"
    return "flush" if as_zero else str(keywords.get("denormals", "auto"))


def _optimized_path(options: SessionOptions) -> str:
    path = options.optimized_model_filepath
    form = options._entries.get(SAVE_FORMAT, "ORT" if path.endswith(".ort") else "ONNX")
    if path and form != "ONNX":
        raise Unsupported(f"{path}: optimized models are written as ONNX, not as {form}; set the "
                          f"configuration entry {SAVE_FORMAT!r} to 'ONNX' or name an .onnx file")
    return path


def _count(options: SessionOptions, key: str, default: int) -> int:
    text = options._entries.get(key, str(default))
    if not text.isdecimal():
        raise InvalidInput(f"the configuration entry {key!r} is no count: {text!r}")
    return int(text)


def _own(given: Any) -> SessionOptions:
    if given is None:
        return SessionOptions()
    if isinstance(given, SessionOptions):
        return given._copy()
    if not hasattr(given, "intra_op_num_threads"):
        raise TypeError(f"sess_options is SessionOptions, not {type(given).__name__}")
    options = SessionOptions()
    for name in SessionOptions._defaults:
        if hasattr(given, name):
            setattr(options, name, getattr(given, name))
    return options


def _apply(options: SessionOptions, text: str) -> None:
    try:
        fields = json.loads(text).get("session_options", {})
        for name, value in fields.items():
            if name in SessionOptions._defaults:
                setattr(options, name, value)
            else:
                accepted(f"the option {name!r} of the model's ort_config")
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidModel(f"the model's ort_config cannot be read: {error}") from None
