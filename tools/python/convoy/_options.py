"""SessionOptions and RunOptions, with every field that onnxruntime's have."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from . import _convoy, _providers
from ._enums import ExecutionMode, ExecutionOrder, GraphOptimizationLevel
from ._errors import InvalidInput, MissingFile, Unsupported
from ._logging import accepted
from ._ortvalue import OrtValue

# Keys of session configurations that apply.
DATA_FILE = "session.optimized_model_external_initializers_file_name"
DATA_LEAST_BYTES = "session.optimized_model_external_initializers_min_size_in_bytes"
DENORMAL_AS_ZERO = "session.set_denormal_as_zero"
LIST_NODES = "session.record_ep_graph_assignment_info"
SAVE_FORMAT = "session.save_model_format"
APPLIED_ENTRIES = frozenset((DATA_FILE, DATA_LEAST_BYTES, DENORMAL_AS_ZERO, LIST_NODES,
                             SAVE_FORMAT))
_LONGEST_KEY = 1024
_LONGEST_VALUE = 8192
_LEAST_INT, _MOST_INT = -(2**31), 2**31 - 1
_WIDE = frozenset(("memory_limit",))  # integers of 64 bits


def _coerce(owner: str, name: str, default: Any, value: Any) -> Any:
    """The value as the type of the default; raises TypeError where that loses something."""
    if isinstance(default, (GraphOptimizationLevel, ExecutionMode, ExecutionOrder)):
        number = getattr(value, "value", value)
        if isinstance(number, int):
            try:
                return type(default)(number)
            except ValueError as error:
                raise InvalidInput(f"{owner}.{name}: {error}") from None
    elif isinstance(default, bool):
        if isinstance(value, (bool, int)):
            return bool(value)
    elif isinstance(default, int):
        if not isinstance(value, (float, str)) and hasattr(value, "__index__"):
            if name in _WIDE or _LEAST_INT <= value.__index__() <= _MOST_INT:
                return value.__index__()
            raise TypeError(f"{owner}.{name} is an integer of 32 bits, not {value}")
    elif isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise TypeError(
        f"{owner}.{name} is {type(default).__name__}, {value!r} is {type(value).__name__}")


def _field(name: str, default: Any, applies: bool) -> property:
    def get(options: _Options) -> Any:
        return options._values[name]

    get.__doc__ = f"{default!r} unless set{'' if applies else '; accepted'}."
    return property(get, lambda options, value: options._set(name, value))


class _Options:
    """Fields by a table of defaults, as properties of the class; another name is an
    AttributeError."""

    _defaults: dict[str, Any] = {}
    _applied: frozenset[str] = frozenset()

    def __init_subclass__(cls) -> None:
        for name, default in cls.__dict__.get("_defaults", {}).items():
            setattr(cls, name, _field(name, default, name in cls._applied))

    def __init__(self, **fields: Any) -> None:
        object.__setattr__(self, "_values", dict(self._defaults))
        for name, value in fields.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        object.__setattr__(self, name, value)

    def _set(self, name: str, value: Any) -> None:
        value = _coerce(type(self).__name__, name, self._defaults[name], value)
        if name not in self._applied and value != self._defaults[name]:
            accepted(f"{type(self).__name__}.{name}")
        self._values[name] = value

    @staticmethod
    def _check_entry(key: Any, value: Any) -> None:
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError(f"a configuration entry is two strings, not {key!r}: {value!r}")
        if not 0 < len(key) <= _LONGEST_KEY:
            raise InvalidInput(f"a configuration key has 1 to {_LONGEST_KEY} characters")
        if len(value) > _LONGEST_VALUE:
            raise InvalidInput(f"the value of '{key}' has more than {_LONGEST_VALUE} characters")


class SessionOptions(_Options):
    """How a session is made. What cannot apply is accepted, and logged once at info level."""

    _defaults = {
        "intra_op_num_threads": 0,  # 0: as many as the process may use
        "graph_optimization_level": GraphOptimizationLevel.ORT_ENABLE_ALL,
        "memory_limit": 0,  # Convoy's: bytes of intermediate values of one run; 0: no limit
        "tuning_file": "",  # Convoy's: where measured kernel choices are kept; "": chosen by rule
        "optimized_model_filepath": "",
        "enable_profiling": False,
        "profile_file_prefix": "onnxruntime_profile_",
        "enable_cpu_mem_arena": True,
        "enable_mem_pattern": True,
        "enable_mem_reuse": True,
        "execution_mode": ExecutionMode.ORT_SEQUENTIAL,
        "execution_order": ExecutionOrder.DEFAULT,
        "inter_op_num_threads": 0,
        "log_severity_level": -1,
        "log_verbosity_level": 0,
        "logid": "",
        "use_deterministic_compute": False,
        "use_per_session_threads": True,
    }
    _applied = frozenset(
        {
            "intra_op_num_threads",
            "graph_optimization_level",
            "memory_limit",
            "tuning_file",
            "optimized_model_filepath",
            "enable_profiling",
            "profile_file_prefix",
            "log_severity_level",  # above 2: nothing is warned of while the session is made
            "use_deterministic_compute",  # the same input always gives the same bits
        }
    )

    def __init__(self, **fields: Any) -> None:
        for name in ("_entries", "_sizes", "_denoted_sizes", "_initializers", "_external",
                     "_files", "_providers"):
            object.__setattr__(self, name, {})
        super().__init__(**fields)

    def add_session_config_entry(self, key: str, value: str) -> None:
        """Kept for get_session_config_entry; docs/python.md tells which keys apply."""
        self._check_entry(key, value)
        if key not in APPLIED_ENTRIES:
            accepted(f"the session configuration entry {key!r}")
        self._entries[key] = value

    def get_session_config_entry(self, key: str) -> str:
        """The entry; raises InvalidInput where there is none."""
        if key not in self._entries:
            raise InvalidInput(f"SessionOptions has no configuration entry {key!r}")
        return self._entries[key]

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        """Every dimension with that symbol has that size, as reported and as checked."""
        self._sizes[_text(name)] = _size(size)

    def add_free_dimension_override_by_denotation(self, denotation: str, size: int) -> None:
        """Every dimension of an input with that denotation ("DATA_BATCH") has that size."""
        self._denoted_sizes[_text(denotation)] = _size(size)

    def add_initializer(self, name: str, ort_value: OrtValue) -> None:
        """Takes the place of the model's initializer, whose type and shape it must have."""
        self._initializers[_text(name)] = _ort_value(ort_value)

    def add_external_initializers(self, names: Sequence[str],
                                  ort_values: Sequence[OrtValue]) -> None:
        """Stand for the external data of these initializers, whose file is then not read."""
        if len(names) != len(ort_values):
            raise InvalidInput(f"{len(names)} names for {len(ort_values)} values")
        for name, value in zip(names, ort_values):
            self._external[_text(name)] = _ort_value(value)

    def add_external_initializers_from_files_in_memory(
        self, file_names: Sequence[str], buffers: Sequence[bytes],
        lengths: Sequence[int] | None = None,
    ) -> None:
        """Files of external data by the names that the model has for them."""
        if len(file_names) != len(buffers):
            raise InvalidInput(f"{len(file_names)} names for {len(buffers)} files")
        for i, (name, data) in enumerate(zip(file_names, buffers)):
            data = bytes(data)
            self._files[_text(name)] = data if lengths is None else data[: lengths[i]]

    def register_custom_ops_library(self, path: str | os.PathLike) -> None:
        """Warns that the library is not loaded: it is built for onnxruntime's own interface.

        A model that has one of its operators does not load, unless that has a function body.
        """
        path = os.fspath(path)
        if not os.path.exists(path):
            raise MissingFile(f"{path}: the library of operators does not exist")
        warnings.warn(
            f"{path} is not loaded: libraries of operators are built for onnxruntime's C "
            "interface, which Convoy has not", stacklevel=2)

    def has_providers(self) -> bool:
        """Whether providers were added, which a session takes where it is given none itself."""
        return bool(self._providers)

    def add_provider(self, name: str, options: Mapping[str, str]) -> None:
        """Adds a provider after those before; raises InvalidInput for one that is not here."""
        _providers.check_available(_text(name))
        self._providers[name] = dict(options)

    def add_provider_for_devices(self, devices: Sequence[Any],
                                 options: Mapping[str, str]) -> None:
        """Adds the providers of what get_ep_devices() lists."""
        for device in devices:
            self.add_provider(device.ep_name, options)

    def set_provider_selection_policy(self, policy: Any) -> None:
        """Adds the CPU, whatever the policy."""
        self.add_provider(_providers.CPU, {})

    def set_provider_selection_policy_delegate(self, delegate: Any) -> None:
        """Adds the CPU; the delegate is not called."""
        self.add_provider(_providers.CPU, {})

    def set_ep_context_data_read_func(self, read_func: Any, max_data_size: int) -> None:
        """Accepted: no model has data that a provider compiled."""
        accepted("SessionOptions.set_ep_context_data_read_func")

    def clear_ep_context_data_read_func(self) -> None:
        """Accepted: no function was set."""

    def set_load_cancellation_flag(self, cancel: bool) -> None:
        """Accepted: a model is loaded to its end."""
        accepted("SessionOptions.set_load_cancellation_flag")

    def _copy(self) -> SessionOptions:
        made = SessionOptions()
        for name, value in vars(self).items():
            object.__setattr__(made, name, dict(value) if isinstance(value, dict) else value)
        return made

    def _reading(self) -> dict[str, Any]:
        """The settings of the native session that say how the model is read."""
        return {
            "sizes": self._sizes,
            "denoted_sizes": self._denoted_sizes,
            "initializers": self._initializers,
            "external_tensors": self._external,
            "external_files": self._files,
        }


class RunOptions(_Options):
    """Options of one run, or of several at once."""

    _defaults = {
        "log_severity_level": -1,
        "log_verbosity_level": 0,
        "logid": "",
        "only_execute_path_to_fetches": False,
    }
    _applied = frozenset()

    def __init__(self, **fields: Any) -> None:
        object.__setattr__(self, "_entries", {})
        object.__setattr__(self, "_stop", _convoy.StopFlag())
        super().__init__(**fields)

    @property
    def terminate(self) -> bool:
        """While True, runs with these options stop before their next step, and raise."""
        return self._stop.stopped

    @terminate.setter
    def terminate(self, value: bool) -> None:
        self._stop.stopped = bool(value)

    def add_run_config_entry(self, key: str, value: str) -> None:
        """Kept for get_run_config_entry; none of onnxruntime's keys changes anything here."""
        self._check_entry(key, value)
        accepted(f"the run configuration entry {key!r}")
        self._entries[key] = value

    def get_run_config_entry(self, key: str) -> str:
        """The entry; raises InvalidInput where there is none."""
        if key not in self._entries:
            raise InvalidInput(f"RunOptions has no configuration entry {key!r}")
        return self._entries[key]

    def add_active_adapter(self, adapter: Any) -> None:
        """Raises Unsupported: adapters (LoRA) are not in Convoy."""
        raise Unsupported("adapters (LoRA) are not in Convoy")


def _text(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a name is a string, not {type(name).__name__}")
    return name


def _size(size: Any) -> int:
    if isinstance(size, (float, str)) or not hasattr(size, "__index__"):
        raise TypeError(f"a size is an integer, not {type(size).__name__}")
    return size.__index__()


def _ort_value(value: Any) -> OrtValue:
    if not isinstance(value, OrtValue):
        raise InvalidInput(f"an initializer is given as an OrtValue, not {type(value).__name__}")
    return value


def stop_flag(run_options: Any) -> Any:
    """The flag of RunOptions; None for None, and for those of another package."""
    if run_options is not None and not hasattr(run_options, "terminate"):
        raise TypeError(f"run_options are RunOptions, not {type(run_options).__name__}")
    return getattr(run_options, "_stop", None)
