"""scikit-learn, LightGBM and XGBoost models as their converters write them, against onnxruntime.

They are trained by the Python executable that CONVOY_PEERS names, `.venv-peers/bin/python` in the
root otherwise; where it is absent, or lacks a package, cases skip.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import convoy

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from sklearn_cases import CASES  # noqa: E402

PEER_SCRIPT = HERE / "sklearn_peer.py"
WITHIN = 1e-5  # of numbers, to the largest of a tensor where that is above 1


@pytest.fixture(scope="session")
def folder(peer_python, tmp_path_factory):
    """Where the peers wrote every case."""
    out = tmp_path_factory.mktemp("sklearn")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    subprocess.run([peer_python, PEER_SCRIPT, out], check=True, env=environment)
    return out


def decode(value):
    if "map" in value:
        return {key: entry for key, entry in value["map"]}
    if "sequence" in value:
        return [decode(item) for item in value["sequence"]]
    array = np.empty(len(value["data"]), value["dtype"])
    array[:] = value["data"]
    return array.reshape(value["shape"])


def compare(actual, expected, name):
    if isinstance(expected, list):
        assert len(actual) == len(expected), name
        for i, (one, other) in enumerate(zip(actual, expected)):
            compare(one, other, f"{name}[{i}]")
    elif isinstance(expected, dict):
        assert list(actual) == list(expected), name
        values = [np.array(list(side.values())) for side in (actual, expected)]
        np.testing.assert_allclose(*values, rtol=WITHIN, atol=WITHIN, err_msg=name)
    elif expected.dtype.kind == "f":
        assert actual.dtype == expected.dtype and actual.shape == expected.shape, name
        largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=1)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=WITHIN * largest, err_msg=name)
    else:
        assert actual.dtype == expected.dtype, name
        np.testing.assert_array_equal(actual, expected, err_msg=name)


@pytest.mark.parametrize("name", list(CASES))
def test_equals_onnxruntime(folder, name):
    skipped = folder / name / "skipped.txt"
    if skipped.exists():
        pytest.skip(skipped.read_text().splitlines()[0])
    case = json.loads((folder / name / "case.json").read_text())
    session = convoy.InferenceSession(folder / name / "model.onnx", threads=1)
    outputs = session.run(None, {key: decode(value) for key, value in case["inputs"].items()})
    names = [value.name for value in session.get_outputs()]
    assert names == list(case["outputs"])
    for key, actual in zip(names, outputs):
        compare(actual, decode(case["outputs"][key]), key)
