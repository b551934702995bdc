"""InferenceSession in the shape of onnxruntime's: trying Convoy is a one-line change."""

import os
from dataclasses import dataclass

import numpy

from . import _convoy
from ._errors import InvalidInput, Unsupported

_PROVIDERS = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}
# How onnxruntime spells element types, by their ONNX number.
_TYPE_NAMES = {
    1: "float",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "double",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    21: "uint4",
    22: "int4",
}


@dataclass
class SessionOptions:
    """Options that mean the same as onnxruntime's; others may be set and are ignored."""

    intra_op_num_threads: int = 0  # 0: as many as the process may use
    graph_optimization_level: object = None  # 0 or an enum of that value: run the graph as it is
    memory_limit: int = 0  # bytes of intermediate values of one run; 0: no limit
    tuning_file: str = ""  # where measured kernel choices are kept; empty: chosen by rule


class IOBinding:
    """Arrays that a session reads and writes in place, run after run; made by io_binding().

    Used by one thread at a time; several bindings of one session may run at once.
    """

    def __init__(self, session):
        self._binding = _convoy.Binding(session._session)

    def bind_cpu_input(self, name, array):
        """Every run reads this array, until another is bound."""
        self._binding.bind_input(name, array)

    def bind_output(self, name, array=None):
        """Every run writes this contiguous array, of the output's type and shape; without one, runs
        allocate.
        """
        if array is not None:
            if not (isinstance(array, numpy.ndarray) and array.flags.writeable):
                raise InvalidInput(f"output {name!r} is bound to what is no writeable numpy array")
            self._binding.bind_output(name, array)

    def copy_outputs_to_cpu(self):
        """All outputs of the last run, in the model's order."""
        return self._binding.outputs()


@dataclass(frozen=True)
class NodeArg:
    """An input or output: sizes are numbers, symbols, or None where nothing is known."""

    name: str
    type: str
    shape: list


def get_available_providers():
    """Names for `providers`, best first."""
    return ["CPUExecutionProvider"]


def get_device():
    """ "CPU", as onnxruntime spells it."""
    return "CPU"


def _device_of(providers, device):
    """The device of the first provider that this build has; `device` if none is named."""
    if not providers:
        return device
    names = [provider if isinstance(provider, str) else provider[0] for provider in providers]
    for name in names:
        if name not in _PROVIDERS:
            raise InvalidInput(f"unknown provider {name!r}; known are {sorted(_PROVIDERS)}")
    return next((_PROVIDERS[name] for name in names if name in get_available_providers()), device)


class InferenceSession:
    """A model made ready to run. Several threads may call run at once; it releases the GIL."""

    def __init__(
        self,
        path_or_bytes,
        sess_options=None,
        providers=None,
        *,
        device="cpu",
        threads=0,
        optimize=True,
    ):
        """Loads a model from a path, bytes, or an object with SerializeToString.

        threads: of one run; 0: as many as the process may use. optimize: rewrite the graph before
        running.
        """
        if _device_of(providers, device) != "cpu":
            raise Unsupported(f"device {device!r} is not built in")
        options = sess_options or SessionOptions()
        threads = threads or getattr(options, "intra_op_num_threads", 0)
        level = getattr(options, "graph_optimization_level", None)
        if level is not None and int(getattr(level, "value", level)) == 0:
            optimize = False
        source = path_or_bytes
        if hasattr(source, "SerializeToString"):
            source = source.SerializeToString()
        elif isinstance(source, (bytearray, memoryview)):
            source = bytes(source)
        elif not isinstance(source, bytes):
            source = os.fspath(source)
        self._session = _convoy.Session(
            source,
            threads,
            optimize,
            getattr(options, "memory_limit", 0),
            os.fspath(getattr(options, "tuning_file", "")),
        )
        self._inputs = [self._node_arg(*value) for value in self._session.describe(True)]
        self._outputs = [self._node_arg(*value) for value in self._session.describe(False)]

    @staticmethod
    def _node_arg(name, text, dtype, shape, is_tensor):
        return NodeArg(
            name, f"tensor({_TYPE_NAMES.get(dtype, text)})" if is_tensor else text, shape
        )

    def get_inputs(self):
        """Inputs that must be fed, in the model's order."""
        return list(self._inputs)

    def get_outputs(self):
        """Outputs in the model's order."""
        return list(self._outputs)

    def get_providers(self):
        """Where the session runs."""
        return ["CPUExecutionProvider"]

    def io_binding(self):
        """An IOBinding of this session, with nothing bound."""
        return IOBinding(self)

    def run_with_iobinding(self, iobinding, run_options=None):
        """Runs over what is bound; run_options is accepted for compatibility and ignored."""
        iobinding._binding.run()

    def run(self, output_names, input_feed, run_options=None):
        """Outputs as a list of numpy arrays (lists for sequences); all if output_names is None.

        input_feed: {name: array}; arrays are read in place, strided ones are copied. run_options is
        accepted for compatibility and ignored.
        """
        return self._session.run(list(output_names) if output_names else [], input_feed)
