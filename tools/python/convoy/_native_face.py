"""What onnxruntime's sessions keep for themselves and programs read or call all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._ortvalue import OrtValueVector
from ._settings import reads_config

if TYPE_CHECKING:
    from ._session import InferenceSession


# Attributes of sessions that private_attributes gives.
PRIVATE_NAMES = frozenset(
    ("_enable_fallback", "_fallback_providers", "_input_epdevices", "_input_meminfos",
     "_model_meta", "_output_meminfos", "_overridable_initializers", "_profiling_start_time_ns",
     "_provider_options", "_providers", "_read_config_from_model", "_sess_options",
     "_sess_options_initial"))


def private_attributes(session: InferenceSession) -> dict[str, Any]:
    """onnxruntime's private attributes of a session that was made, by name."""
    return {
        "_enable_fallback": bool(session._keywords.get("enable_fallback", True)),
        "_fallback_providers": ["CPUExecutionProvider"],
        "_input_epdevices": session.get_input_epdevices(),
        "_input_meminfos": session.get_input_memory_infos(),
        "_model_meta": session.get_modelmeta(),
        "_output_meminfos": session.get_output_memory_infos(),
        "_overridable_initializers": session.get_overridable_initializers(),
        "_profiling_start_time_ns": session.get_profiling_start_time_ns(),
        "_provider_options": session.get_provider_options(),
        "_providers": session.get_providers(),
        "_read_config_from_model": reads_config(session._keywords),
        "_sess_options": session._options,
        "_sess_options_initial": session._given_options,
    }


class NativeFace:
    """A session whose methods take their arguments as onnxruntime's native module does."""

    def __init__(self, options: Any, model: str | bytes, is_path: bool = True,
                 read_config_from_model: bool = False) -> None:
        """A session that initialize_session() is to make."""
        self._arguments = (model, options)
        self._reads_config = read_config_from_model

    @classmethod
    def of(cls, session: InferenceSession) -> NativeFace:
        """The one of a session that was made."""
        face = cls.__new__(cls)
        face._take(session)
        return face

    def _take(self, session: InferenceSession) -> None:
        self._owner = session
        self._session = session._session

    def initialize_session(self, providers: list[str], provider_options: list[dict[str, str]],
                           disabled_optimizers: set[str] = frozenset()) -> None:
        from ._session import InferenceSession

        self._take(InferenceSession(
            *self._arguments, providers, provider_options or None,
            disabled_optimizers=disabled_optimizers,
            read_config_from_model=self._reads_config))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._owner, name)

    @property
    def inputs_meta(self) -> list[Any]:
        return self._owner.get_inputs()

    @property
    def outputs_meta(self) -> list[Any]:
        return self._owner.get_outputs()

    @property
    def overridable_initializers(self) -> list[Any]:
        return self._owner.get_overridable_initializers()

    @property
    def model_meta(self) -> Any:
        return self._owner.get_modelmeta()

    @property
    def session_options(self) -> Any:
        return self._owner.get_session_options()

    @property
    def input_meminfos(self) -> list[Any]:
        return self._owner.get_input_memory_infos()

    @property
    def output_meminfos(self) -> list[Any]:
        return self._owner.get_output_memory_infos()

    @property
    def input_epdevices(self) -> list[Any]:
        return self._owner.get_input_epdevices()

    @property
    def get_profiling_start_time_ns(self) -> int:
        return self._owner.get_profiling_start_time_ns()

    def run_with_ort_values(self, feeds: dict[str, Any], names: list[str],
                            run_options: Any = None) -> OrtValueVector:
        return OrtValueVector(self._owner.run_with_ort_values(names, feeds, run_options))
