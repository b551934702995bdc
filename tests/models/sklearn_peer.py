"""Trains small models, converts them, and writes down what onnxruntime makes of them.

    PEER_PYTHON sklearn_peer.py OUT [NAME]...

Runs where scikit-learn, skl2onnx, onnxmltools, lightgbm, xgboost and onnxruntime are. For each case
of sklearn_cases.py OUT/NAME gets model.onnx and case.json with the inputs and onnxruntime's
outputs, or skipped.txt with the reason.
"""

import importlib
import json
import pathlib
import sys
import traceback
import warnings

from sklearn_cases import CASES


def encode(value):
    """A NumPy array, dictionary, or list of dictionaries as JSON."""
    if isinstance(value, dict):
        return {"map": [[key, entry] for key, entry in value.items()]}
    if isinstance(value, list):
        return {"sequence": [encode(item) for item in value]}
    kind = "object" if value.dtype.kind in "OUS" else value.dtype.name
    return {"dtype": kind, "shape": list(value.shape), "data": value.reshape(-1).tolist()}


def write_case(folder, make):
    import onnxruntime

    model, feeds = make()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, feeds)))
    (folder / "case.json").write_text(json.dumps({
        "inputs": {name: encode(value) for name, value in feeds.items()},
        "outputs": {name: encode(value) for name, value in outputs.items()},
    }))


def main(out, names):
    warnings.filterwarnings("ignore")
    for name in names or CASES:
        packages, make = CASES[name]
        folder = pathlib.Path(out) / name
        try:
            for package in packages:
                importlib.import_module(package)
            write_case(folder, make)
        except Exception as error:  # any reason that the peers have is a reason to skip
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "skipped.txt").write_text(f"{type(error).__name__}: {error}"[:2000])
            (folder / "traceback.txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
