"""Gives Convoy ONNX's operator cases with hostile numbers in them.

    hostile_fuzz.py [--seed S] [--cases N] [--first K] [--only NAME] [--keep FOLDER]

Writes ONNX's node cases, model and inputs, to build/hostile_cases where they are not there yet,
and runs build/bin/hostile_fuzz on them, which explains itself with --help.
"""

import os
import pathlib
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

_ROOT = pathlib.Path(__file__).parents[2]
_MOST_BYTES = 300_000  # of one case: mutating large ones finds no more


def _to_proto(value, kind):
    if isinstance(value, (onnx.TensorProto, onnx.SequenceProto, onnx.OptionalProto)):
        return value
    if kind == "optional_type":
        return numpy_helper.from_optional(value)
    if isinstance(value, (list, tuple)) or kind == "sequence_type":
        return numpy_helper.from_list(list(value))
    return numpy_helper.from_array(value)


def export(folder):
    """Writes every case that has inputs and is not too large."""
    for case in collect_testcases(None):
        if case.model is None or not case.data_sets:
            continue
        kinds = [value.type.WhichOneof("value") for value in case.model.graph.input]
        files = {"model.onnx": case.model.SerializeToString()}
        for number, (value, kind) in enumerate(zip(case.data_sets[0][0], kinds)):
            files[f"input_{number}.pb"] = _to_proto(value, kind).SerializeToString()
        if sum(map(len, files.values())) > _MOST_BYTES:
            continue
        target = pathlib.Path(folder, case.name)
        target.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (target / name).write_bytes(data)


def cases():
    """The folder of the cases of this ONNX, written when it is first asked for."""
    folder = _ROOT / "build" / f"hostile_cases-{onnx.__version__}"
    if not folder.exists():
        partial = folder.with_suffix(f".{os.getpid()}")
        export(partial)
        partial.rename(folder)
    return folder


if __name__ == "__main__":
    fuzzer = _ROOT / "build" / "bin" / "hostile_fuzz"
    os.execv(fuzzer, [fuzzer, str(cases()), *sys.argv[1:]])
