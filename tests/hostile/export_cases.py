"""Writes ONNX's node cases, model and inputs, into a folder that hostile_fuzz reads.

    python export_cases.py FOLDER
"""

import pathlib
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

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
    """Returns how many cases were written; a case that is there already stays."""
    count = 0
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
        count += 1
    return count


if __name__ == "__main__":
    print(export(sys.argv[1]), "cases written")
