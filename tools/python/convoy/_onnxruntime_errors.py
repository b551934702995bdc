"""Exceptions as onnxruntime names and words them, for programs that read names and messages."""

from __future__ import annotations

import re

from . import _errors
from ._errors import (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplemented,  # noqa: A004, onnxruntime's name
    RuntimeException,
)

_STATE = "onnxruntime.capi.onnxruntime_pybind11_state"
# By class of Convoy's: onnxruntime's class, and the number and the name of its status.
_STATUSES = {
    _errors.InvalidModel: (InvalidGraph, 10, "INVALID_GRAPH"),
    _errors.NotAModel: (InvalidProtobuf, 7, "INVALID_PROTOBUF"),
    _errors.InvalidInput: (InvalidArgument, 2, "INVALID_ARGUMENT"),
    _errors.MissingFile: (NoSuchFile, 3, "NO_SUCHFILE"),
    _errors.NodeFailure: (Fail, 1, "FAIL"),
    _errors.NodesNotListed: (Fail, 1, "FAIL"),
    _errors.NothingFed: (Fail, 1, "FAIL"),
    _errors.Terminated: (Fail, 1, "FAIL"),
    _errors.Unsupported: (NotImplemented, 9, "NOT_IMPLEMENTED"),
    _errors.OutOfMemory: (RuntimeException, 6, "RUNTIME_EXCEPTION"),
    _errors.DeviceFailure: (EPFail, 11, "EP_FAIL"),
    _errors.Internal: (RuntimeException, 6, "RUNTIME_EXCEPTION"),
}
_PHRASES_OF_CLASSES = {
    _errors.MissingFile: "File doesn't exist",
    _errors.NotAModel: "Protobuf parsing failed.",
    _errors.OutOfMemory: "Failed to allocate memory",
    _errors.Terminated: "Exiting due to terminate flag being set to true.",
}
_PHRASES_OF_WORDS = (
    (re.compile(r"input '(.*?)' \(.*\) is missing"),
     "Required inputs (['{0}']) are missing from input feed"),
    (re.compile(r"has no input '(.*?)'"), "Invalid input name: {0}"),
    (re.compile(r"has no output '(.*?)'"), "Invalid output name:{0}"),
    (re.compile(r"^node '(.*?)' \(([\w.:]+)"),
     "Non-zero status code returned while running {1} node. Name:'{0}'"),
)
_MISFIT = re.compile(r"input '(.*?)' must be (\w+)\[(.*?)\], got (\w+)\[(.*?)\]")
_SPELLED = {"float32": "float", "float64": "double"}


def appear() -> None:
    """From here on exceptions have onnxruntime's names, and messages its words before Convoy's."""
    for name, kind in vars(_errors).items():
        if isinstance(kind, type) and kind.__module__ == _errors.__name__ and name != "Error":
            kind.__module__ = _STATE
    for kind, (theirs, _, _) in _STATUSES.items():
        kind.__name__ = kind.__qualname__ = theirs.__name__
    _errors.reword = reword


def reword(kind: type, text: str) -> str:
    """The message with the status and the phrase that onnxruntime has for it in front."""
    _, number, name = _STATUSES[kind]
    phrase = _phrase(kind, text)
    return f"[ONNXRuntimeError] : {number} : {name} : {phrase + ': ' if phrase else ''}{text}"


def _phrase(kind: type, text: str) -> str:
    misfit = _MISFIT.search(text)
    if misfit:
        return _phrase_of_misfit(*misfit.groups())
    if kind in _PHRASES_OF_CLASSES:
        return _PHRASES_OF_CLASSES[kind]
    found = ((pattern.search(text), phrase) for pattern, phrase in _PHRASES_OF_WORDS)
    return next((phrase.format(*match.groups()) for match, phrase in found if match), "")


def _phrase_of_misfit(name: str, wanted: str, wanted_sizes: str, got: str, got_sizes: str) -> str:
    if wanted != got:
        return (f"Unexpected input data type. Actual: (tensor({_SPELLED.get(got, got)})) , "
                f"expected: (tensor({_SPELLED.get(wanted, wanted)}))")
    if len(got_sizes.split(",")) != len(wanted_sizes.split(",")):
        return f"Invalid rank for input: {name}"
    return f"Got invalid dimensions for input: {name}"
