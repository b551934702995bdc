"""The object that onnxruntime's sessions keep as `_sess`, for programs that call it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._ortvalue import OrtValueVector

if TYPE_CHECKING:
    from ._session import InferenceSession


class NativeFace:
    """A session whose methods take their arguments as onnxruntime's native module does."""

    def __init__(self, session: InferenceSession) -> None:
        self._owner = session
        self._session = session._session

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

    def run_with_ort_values(self, feeds: dict[str, Any], names: list[str],
                            run_options: Any = None) -> OrtValueVector:
        return OrtValueVector(self._owner.run_with_ort_values(names, feeds, run_options))
