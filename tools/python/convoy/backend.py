"""Convoy as an onnx.backend.base.Backend, for ONNX's own test runner."""

from onnx.backend.base import Backend, BackendRep

from ._errors import InvalidInput
from ._session import InferenceSession


class ConvoyRep(BackendRep):
    """A loaded model."""

    def __init__(self, session):
        self._session = session

    def run(self, inputs, **kwargs):
        """Outputs for inputs given in the model's order, or by name."""
        if not isinstance(inputs, dict):
            names = [value.name for value in self._session.get_inputs()]
            inputs = dict(zip(names, inputs if isinstance(inputs, (list, tuple)) else [inputs]))
        return self._session.run(None, inputs)


class ConvoyBackend(Backend):
    """Prepares and runs models on the CPU."""

    @classmethod
    def supports_device(cls, device):
        """True for "CPU", with or without a number; False for any other name."""
        return device.split(":")[0].upper() == "CPU"

    @classmethod
    def prepare(cls, model, device=None, **kwargs):
        """A ConvoyRep of a model, or of a session; one that was prepared comes back itself.

        Raises InvalidInput for a device other than the CPU.
        """
        if isinstance(model, ConvoyRep):
            return model
        if device is not None and not cls.supports_device(device):
            raise InvalidInput(f"models are prepared for the CPU, not for {device!r}")
        if isinstance(model, InferenceSession):
            return ConvoyRep(model)
        super().prepare(model, "CPU", **kwargs)
        return ConvoyRep(InferenceSession(model, threads=kwargs.get("threads", 1)))

    @classmethod
    def run_model(cls, model, inputs, device=None, **kwargs):
        """Outputs of what prepare() takes."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node, inputs, device="CPU", outputs_info=None, **kwargs):
        raise NotImplementedError("single nodes are run inside a model")


is_compatible = ConvoyBackend.is_compatible
prepare = ConvoyBackend.prepare
run = run_model = ConvoyBackend.run_model
run_node = ConvoyBackend.run_node
supports_device = ConvoyBackend.supports_device
