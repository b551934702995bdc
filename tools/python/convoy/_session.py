"""InferenceSession in the shape of onnxruntime's: trying Convoy is a one-line change."""

from __future__ import annotations

import copyreg
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _convoy, _providers
from ._binding import IOBinding
from ._device import (
    OrtEpAssignedNode,
    OrtEpAssignedSubgraph,
    OrtEpDevice,
    OrtMemoryInfo,
    get_ep_devices,
)
from ._errors import InvalidInput, NodesNotListed, NotAModel
from ._logging import accepted, logger
from ._native_face import PRIVATE_NAMES, NativeFace, private_attributes
from ._options import LIST_NODES, RunOptions, SessionOptions, stop_flag
from ._ortvalue import OrtValue, wrap
from ._profile import Profile
from ._settings import configured, native_settings
from ._types import ModelMetadata, NodeArg

_UNSET_VERSION = 2**63 - 1  # onnxruntime's, of models that state none


class InferenceSession:
    """A model made ready to run. Several threads may call run at once; it releases the GIL."""

    def __init__(
        self,
        path_or_bytes: Any,
        sess_options: SessionOptions | None = None,
        providers: _providers.ProviderArgument | str | None = None,
        provider_options: Sequence[Mapping[Any, Any]] | None = None,
        *,
        device: str = "cpu",
        threads: int = 0,
        optimize: bool = True,
        denormals: str = "auto",
        **others: Any,
    ) -> None:
        """Loads a model from a path, bytes, or an object with SerializeToString.

        device: where nodes are computed that have a kernel there; the CPU computes the others.
        Left at "cpu", CUDAExecutionProvider as the first provider stands for "cuda", or "cuda:1"
        where its option device_id says so.
        threads: of one run; 0: as many as the process may use. optimize: rewrite the graph before
        running. denormals: numbers below 2^-126 are 0 "auto": in convolutions, products, pooling,
        normalization and recurrent layers, which they slow down, "keep": nowhere, "flush":
        everywhere (as onnxruntime's session.set_denormal_as_zero has it).
        others: disabled_optimizers, names of rewrites to leave out (onnxruntime's own
        names change nothing); what else onnxruntime takes changes nothing.
        """
        self._source = _source(path_or_bytes)
        self._model_path = self._source if isinstance(self._source, str) else None
        self._model_bytes = self._source if isinstance(self._source, bytes) else None
        self._keywords = {"device": device, "threads": threads, "optimize": optimize,
                          "denormals": denormals, **others}
        added = getattr(sess_options, "_providers", None) or {}
        if added and providers:
            warnings.warn("the providers given to InferenceSession apply, not those that its "
                          "SessionOptions have", stacklevel=2)
        self._chosen = _providers.choose(providers or list(added.items()), provider_options)
        self._given_options = sess_options
        self._open()

    def _open(self) -> None:
        keywords = dict(self._keywords)
        if keywords["device"] == "cpu":
            keywords["device"] = _providers.device_of(self._chosen)
        options = configured(self._given_options, self._source, keywords)
        settings = native_settings(options, keywords)
        profile = Profile(options.profile_file_prefix) if settings["record"] else None
        began = time.perf_counter_ns()
        self._session = _convoy.Session(self._source, settings)
        logger.debug("a session of %s is made, with %d threads",
                     self._model_path or "a model from memory", self._session.threads)
        self._options = options
        self._profile = profile
        if profile is not None:
            profile.loaded(self._session, began, isinstance(self._source, str))
            weakref.finalize(self, profile.abandon)
        describe = self._session.describe
        self._inputs_meta, self._outputs_meta, self._overridable = (
            [NodeArg(name, text, shape) for name, text, _, shape in describe(kind)]
            for kind in (_convoy.Kind.INPUTS, _convoy.Kind.OUTPUTS, _convoy.Kind.OVERRIDABLE))
        self._face = _no_face
        vars(self).update(private_attributes(self, InferenceSession))

    @property
    def _sess(self) -> NativeFace:
        # Held weakly: it keeps the session alive.
        face = self._face()
        if face is None:
            face = NativeFace.of(self)
            self._face = weakref.ref(face)
        return face

    def __reduce__(self) -> tuple:
        kind = type(self)
        if kind.__getstate__ is not object.__getstate__ and hasattr(kind, "__setstate__"):
            return copyreg.__newobj__, (kind,), self.__getstate__()
        options = self._given_options
        if getattr(options, "_providers", None):  # what applied of them is in _chosen
            options = options._copy()
            options._providers.clear()
        arguments = (self._source, options, list(self._chosen.items()))
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return _reopen, (kind, arguments, self._keywords), added or None

    def get_inputs(self) -> list[NodeArg]:
        """Inputs that must be fed, in the model's order."""
        return list(self._inputs_meta)

    def get_outputs(self) -> list[NodeArg]:
        """Outputs in the model's order."""
        return list(self._outputs_meta)

    def get_overridable_initializers(self) -> list[NodeArg]:
        """Inputs with a default: a feed of that name stands in for it in its own run alone."""
        return list(self._overridable)

    def get_modelmeta(self) -> ModelMetadata:
        """What the model file says about itself."""
        metadata = ModelMetadata(**self._session.metadata())
        if metadata.version is None:
            metadata.version = _UNSET_VERSION
        return metadata

    def get_session_options(self) -> SessionOptions:
        """A copy of the options that the session was made with."""
        return self._options._copy()

    def get_providers(self) -> list[str]:
        """Where the session runs."""
        return list(self._chosen)

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        """Options that apply, by provider: the number of the GPU; the CPU has none."""
        return {name: {"device_id": options.get("device_id", "0")}
                if name == _providers.CUDA else {} for name, options in self._chosen.items()}

    def set_providers(self, providers: _providers.ProviderArgument | str | None = None,
                      provider_options: Sequence[Mapping[Any, Any]] | None = None) -> None:
        """Makes the session anew for these; a name that is no provider's raises InvalidInput."""
        self._chosen = _providers.choose(providers, provider_options, known_only=True)
        self.end_profiling()
        self._open()

    def enable_fallback(self) -> None:
        """Accepted: there is nothing to fall back to from the CPU."""
        self._enable_fallback = True
        accepted("enable_fallback")

    def disable_fallback(self) -> None:
        """Accepted: there is nothing to fall back to from the CPU."""
        self._enable_fallback = False
        accepted("disable_fallback")

    def get_input_memory_infos(self) -> list[OrtMemoryInfo]:
        """Where each input lies: in the memory of the CPU."""
        return [OrtMemoryInfo() for _ in self._inputs_meta]

    def get_output_memory_infos(self) -> list[OrtMemoryInfo]:
        """Where each output lies: in the memory of the CPU."""
        return [OrtMemoryInfo() for _ in self._outputs_meta]

    def get_input_epdevices(self) -> list[OrtEpDevice]:
        """The device of each input: the CPU."""
        return get_ep_devices() * len(self._inputs_meta)

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
            run_options: RunOptions | None = None) -> list[Any]:
        """Outputs by name, all of them if there are no names.

        Tensors are numpy arrays, sequences lists, maps dicts. input_feed: {name: value}; arrays are
        read in place, strided ones are copied; lists and numbers become tensors of the input's
        type.
        """
        # Another thread may change the caller's dict while its arrays are read.
        input_feed = dict(input_feed) if type(input_feed) is dict else _feeds(input_feed)
        return self._session.run(_names(output_names), input_feed, stop_flag(run_options))

    def run_with_ort_values(self, output_names: Sequence[str] | None,
                            input_dict_ort_values: Mapping[str, OrtValue],
                            run_options: RunOptions | None = None) -> list[OrtValue]:
        """run() from OrtValues to OrtValues."""
        names = _names(output_names) or [output.name for output in self._outputs_meta]
        results = self.run(names, input_dict_ort_values, run_options)
        types = {output.name: output.type for output in self._outputs_meta}
        return [wrap(value, types[name]) for name, value in zip(names, results)]

    def run_with_ortvaluevector(self, run_options: RunOptions | None, feed_names: Sequence[str],
                                feeds: Sequence[OrtValue], fetch_names: Sequence[str],
                                fetches: list[OrtValue], fetch_devices: Any = None) -> None:
        """run_with_ort_values(), which replaces what is in `fetches`."""
        fetches[:] = self.run_with_ort_values(
            fetch_names, dict(zip(feed_names, feeds)), run_options)

    def run_async(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
                  callback: Callable[[list[Any], Any, str], None], user_data: Any,
                  run_options: RunOptions | None = None) -> None:
        """run() on a thread of its own, which then calls callback(results, user_data, error).

        error is "" where the run went well; results are [] where it did not. A missing input is
        an exception of this call. The process does not end before the run has.
        """
        input_feed = _feeds(input_feed)
        missing = [value.name for value in self._inputs_meta
                   if value.name not in input_feed and not value.type.startswith("optional")]
        if missing:
            raise InvalidInput(f"inputs {missing} are missing from the feed {list(input_feed)}")

        def work() -> None:
            results, error = [], ""
            try:
                results = self.run(output_names, input_feed, run_options)
            except Exception as raised:  # noqa: BLE001, told to the callback
                error = str(raised) or type(raised).__name__
            callback(results, user_data, error)

        threading.Thread(target=work, name="convoy run_async").start()

    def io_binding(self) -> IOBinding:
        """An IOBinding of this session, with nothing bound."""
        return IOBinding(self)

    def run_with_iobinding(self, iobinding: IOBinding,
                           run_options: RunOptions | None = None) -> None:
        """Runs over what is bound; at least one output must be."""
        if iobinding._session is not self._session:
            raise InvalidInput("the IOBinding was made by another session")
        iobinding._run(run_options)

    def create_ortvalue_from_shape_and_type(self, shape: Sequence[int], element_type: Any,
                                            device_type: str = "cpu", device_id: int = 0,
                                            vendor_id: int = -1) -> OrtValue:
        """OrtValue.ortvalue_from_shape_and_type."""
        return OrtValue.ortvalue_from_shape_and_type(shape, element_type, device_type, device_id)

    def end_profiling(self) -> str:
        """Writes what enable_profiling recorded; the file's path, or "" where nothing was."""
        return "" if self._profile is None else self._profile.finish()

    def get_profiling_start_time_ns(self) -> int:
        """time.time_ns() at the start of profiling; 0 where there is none."""
        return 0 if self._profile is None else self._profile.start_ns

    def release_captured_graph(self, graph_annotation_id: int = 0) -> None:
        """Accepted: no run is captured."""

    def get_tuning_results(self) -> list[Any]:
        """None: kernels are measured with SessionOptions of Convoy, into a file."""
        return []

    def set_tuning_results(self, results: Any, *, error_on_invalid: bool = False) -> None:
        """Accepted: onnxruntime's results say nothing about kernels of Convoy."""
        accepted("set_tuning_results (SessionOptions.tuning_file is Convoy's)")

    def get_provider_graph_assignment_info(self) -> list[OrtEpAssignedSubgraph]:
        """The model's nodes, each on the CPU; the configuration entry LIST_NODES must be "1"."""
        if self._options._entries.get(LIST_NODES) != "1":
            raise NodesNotListed(f'the session configuration entry {LIST_NODES!r} is not "1"')
        return [OrtEpAssignedSubgraph("CPUExecutionProvider", [OrtEpAssignedNode(*node)])
                for node in self._session.nodes()]

    def set_ep_dynamic_options(self, options: Mapping[str, str]) -> None:
        """Accepted: the CPU has no options that change while it runs."""
        accepted("set_ep_dynamic_options")


# Attributes that a pickled session makes anew.
_OWN = PRIVATE_NAMES | frozenset(
    ("_source", "_model_path", "_model_bytes", "_keywords", "_chosen", "_given_options",
     "_session", "_options", "_profile", "_inputs_meta", "_outputs_meta", "_overridable", "_face"))


def _no_face() -> None:
    """A reference to no NativeFace."""


def _reopen(kind: type, arguments: tuple, keywords: dict[str, Any]) -> InferenceSession:
    session = kind.__new__(kind)
    InferenceSession.__init__(session, *arguments, **keywords)
    return session


def _source(model: Any) -> str | bytes:
    if isinstance(model, bytes):
        return model
    if isinstance(model, (bytearray, memoryview)):
        return bytes(model)
    if hasattr(model, "SerializeToString"):
        return model.SerializeToString()
    if isinstance(model, (str, os.PathLike)):
        path = os.fsdecode(os.fspath(model))
        if os.path.isdir(path):
            raise NotAModel(f"{path}: a folder is no model")
        return path
    raise TypeError(f"a model is a path, bytes or a ModelProto, not {type(model).__name__}")


def _names(output_names: Sequence[str] | None) -> list[str]:
    if isinstance(output_names, str) and output_names:
        raise TypeError(f"output_names is a list of names or None, not the string "
                        f"{output_names!r}")
    return list(output_names) if output_names else []


def _feeds(input_feed: Any) -> dict[str, Any]:
    if not isinstance(input_feed, Mapping):
        raise TypeError(f"input_feed is a dict of arrays by name, not {type(input_feed).__name__}")
    return dict(input_feed)
