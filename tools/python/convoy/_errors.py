"""Exceptions, one for each code of the runtime."""


class Error(Exception):
    """Any failure reported by Convoy; the message names the file, node and reason where known."""


class InvalidModel(Error):
    """The model file or graph is malformed."""


class InvalidInput(Error, ValueError):
    """A feed, shape, option or file is wrong."""


class Unsupported(Error, NotImplementedError):
    """Valid ONNX that this build cannot run."""


class OutOfMemory(Error, MemoryError):
    """An allocation failed or would exceed the configured limit."""


class DeviceFailure(Error, RuntimeError):
    """A device or its driver reported an error."""


class Internal(Error, RuntimeError):
    """A broken invariant of Convoy itself: please report it."""


by_code = {
    1: InvalidModel,
    2: InvalidInput,
    3: Unsupported,
    4: OutOfMemory,
    5: DeviceFailure,
    6: Internal,
}
