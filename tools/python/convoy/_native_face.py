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


def private_attributes(session: InferenceSession, own: type) -> dict[str, Any]:
    """onnxruntime's private attributes of a session that was made, by name.

    By the methods of `own`: those of a class below it may need what that has not set yet.
    """
    return {
        "_enable_fallback": bool(session._keywords.get("enable_fallback", True)),
        "_fallback_providers": ["CPUExecutionProvider"],
        "_input_epdevices": own.get_input_epdevices(session),
        "_input_meminfos": own.get_input_memory_infos(session),
        "_model_meta": own.get_modelmeta(session),
        "_output_meminfos": own.get_output_memory_infos(session),
        "_overridable_initializers": own.get_overridable_initializers(session),
        "_profiling_start_time_ns": own.get_profiling_start_time_ns(session),
        "_provider_options": own.get_provider_options(session),
        "_providers": own.get_providers(session),
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
