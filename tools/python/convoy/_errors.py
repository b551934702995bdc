"""Exceptions: onnxruntime's names, and Convoy's own, which are kinds of them.

A program that catches what onnxruntime would raise catches what Convoy raises.
"""

from __future__ import annotations


class Fail(Exception):
    """onnxruntime: an unspecified failure."""


class InvalidArgument(Exception):
    """onnxruntime: an argument, input or model is wrong."""


class NoSuchFile(Exception):
    """onnxruntime: the model file does not exist."""


class NoModel(Exception):
    """onnxruntime: no model was loaded."""


class EngineError(Exception):
    """onnxruntime: an engine failed."""


class RuntimeException(Exception):
    """onnxruntime: something failed while a model ran."""


class InvalidProtobuf(Exception):
    """onnxruntime: the file is no protobuf of a model."""


class ModelLoaded(Exception):
    """onnxruntime: a model was loaded already."""


class NotImplemented(Exception):  # noqa: A001, onnxruntime's name
    """onnxruntime: there is no kernel for an operator."""


class InvalidGraph(Exception):
    """onnxruntime: the graph is malformed."""


class EPFail(Exception):
    """onnxruntime: an execution provider failed."""


class ModelLoadCanceled(Exception):
    """onnxruntime: loading was cancelled."""


class ModelRequiresCompilation(Exception):
    """onnxruntime: the model must be compiled first."""


class NotFound(Exception):
    """onnxruntime: something named is not there."""


class DeviceReset(Exception):
    """onnxruntime: a device was reset."""


class Error(Exception):
    """Any failure reported by Convoy; the message names the file, node and reason where known."""

    _own_name = "Error"

    def __init_subclass__(cls) -> None:
        cls._own_name = cls.__name__

    def __reduce__(self) -> tuple:
        # By the name in this module: the shim gives classes other ones.
        if globals().get(self._own_name) is type(self):
            return _again, (self._own_name, self.args)
        return super().__reduce__()


def _again(name: str, arguments: tuple) -> Error:
    return globals()[name](*arguments)


class InvalidModel(Error, InvalidGraph, InvalidArgument, Fail):
    """The model file or graph is malformed."""


class NotAModel(InvalidModel, InvalidProtobuf):
    """The file or the bytes are no ONNX model at all."""


class InvalidInput(Error, InvalidArgument, ValueError, RuntimeError):
    """A feed, shape, option or file is wrong."""


class MissingFile(InvalidInput, NoSuchFile, Fail):
    """The model file, or a library of operators, does not exist."""


class NodeFailure(InvalidInput, RuntimeException, Fail):
    """A node cannot work on the values that it got in this run."""


class NothingFed(InvalidInput, Fail):
    """None is fed to an input that must have a value."""


class NodesNotListed(InvalidInput, Fail):
    """A session was not told to list its nodes."""


class Terminated(InvalidInput, Fail):
    """The run was stopped by RunOptions.terminate."""


class Unsupported(Error, NotImplemented, InvalidGraph, Fail, NotImplementedError):
    """Valid ONNX, or a call of onnxruntime's, that this build cannot run."""


class OutOfMemory(Error, RuntimeException, Fail, MemoryError):
    """An allocation failed or would exceed the configured limit."""


class DeviceFailure(Error, EPFail, RuntimeError):
    """A device or its driver reported an error."""


class Internal(Error, RuntimeException, Fail, RuntimeError):
    """A broken invariant of Convoy itself: please report it."""


by_code = {
    1: InvalidModel,
    2: InvalidInput,
    3: Unsupported,
    4: OutOfMemory,
    5: DeviceFailure,
    6: Internal,
}
_NO_MODEL = ("no ONNX model", "the file is empty", "a Git LFS pointer")


def reword(kind: type, text: str) -> str:
    """What an exception of that class says; _onnxruntime_errors.appear() replaces this."""
    return text


def make(code: int, text: str, kind: str) -> Error:
    """The exception for an error of the runtime.

    kind: "no file", "cancelled", "node" for one that happened at a node, "" otherwise.
    """
    made = _class_of(code, text, kind)
    return made(reword(made, text))


def _class_of(code: int, text: str, kind: str) -> type[Error]:
    if kind == "no file":
        return MissingFile
    if kind == "cancelled":
        return Terminated
    if code == 1 and not kind and any(words in text for words in _NO_MODEL):
        return NotAModel
    if code == 2 and kind == "node":
        return NodeFailure
    if code == 2 and text.endswith(", got nothing"):
        return NothingFed
    return by_code[code]
