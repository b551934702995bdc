"""Runs the models of a folder with onnxruntime: NAME.onnx on NAME.npz gives NAME.out.npz, or the
reason why not in NAME.error. Needs no more than onnxruntime and NumPy."""

import pathlib
import sys

import numpy as np
import onnxruntime


def run(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


for model in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    try:
        with np.load(model.with_suffix(".npz"), allow_pickle=True) as feeds:
            results = run(model, dict(feeds))
        np.savez(model.with_suffix(".out.npz"), **results)
    except Exception as error:  # noqa: BLE001: whatever it is, the test reports it
        model.with_suffix(".error").write_text(str(error))
