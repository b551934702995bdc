"""Rewriting a model for any runtime."""

import os

from . import _convoy


def optimize(model, *, target="convoy", skip=(), only=()):
    """Rewrites a model; returns (model, report).

    model: a path, bytes, or an onnx.ModelProto. Comes back as bytes, or as a ModelProto if that
    was given.
    target: "convoy", "ort" (the form that ONNX Runtime's fast paths take) or "any".
    skip, only: names of rewrites. report: a text of what was done.
    """
    is_proto = hasattr(model, "SerializeToString")
    source = model.SerializeToString() if is_proto else model
    if not isinstance(source, bytes):
        source = os.fspath(source)
    rewritten, report = _convoy.optimize(source, target, list(skip), list(only))
    return (type(model).FromString(rewritten) if is_proto else rewritten), report
