"""Convoy as an onnx.backend.base.Backend, for ONNX's own test runner."""
from onnx.backend.base import Backend, BackendRep, Device, DeviceType

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
        return Device(device).type == DeviceType.CPU

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        super().prepare(model, device, **kwargs)
        return ConvoyRep(InferenceSession(model, threads=kwargs.get("threads", 1)))

    @classmethod
    def run_model(cls, model, inputs, device="CPU", **kwargs):
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node, inputs, device="CPU", outputs_info=None, **kwargs):
        raise NotImplementedError("single nodes are run inside a model")


is_compatible = ConvoyBackend.is_compatible
prepare = ConvoyBackend.prepare
run_model = ConvoyBackend.run_model
run_node = ConvoyBackend.run_node
supports_device = ConvoyBackend.supports_device
