"""Golden models with open axes at batches of 1, 2, 3 and 5 and two other sizes, in one session,
against ONNX Runtime without optimizations."""

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

import convoy

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT.parent / "shared/zoo/public"
SHARE = 40  # models; all of them with CONVOY_TEST_FULL


def tolerance(array):
    return 2e-2 if array.dtype == np.float16 else 2e-4


def is_same(actual, expected):
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return False
    if not np.issubdtype(expected.dtype, np.floating):
        # Quantized results may differ by a step where a sum lies on the border of two.
        steps = np.abs(actual.astype(np.int64) - expected.astype(np.int64))
        return np.max(steps, initial=0) <= 1
    off = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    largest = np.max(np.abs(expected.astype(np.float64)), initial=1e-2)
    return not np.isnan(off).any() and np.max(off, initial=0) <= tolerance(expected) * largest


def test_batches_agree_with_onnxruntime(peer_python, is_full, seed, tmp_path):
    if not ZOO.is_dir():
        pytest.skip("the golden models are not there")
    models = sorted(ZOO.glob("*/model.onnx"))
    if not is_full:
        models = random.Random(seed).sample(models, min(SHARE, len(models)))
    subprocess.run([peer_python, Path(__file__).with_name("peer_outputs.py"), tmp_path, *models],
                   check=True, capture_output=True, timeout=1200)
    compared, different = 0, []
    for model in models:
        name = model.parent.name
        cases = sorted(tmp_path.glob(f"{name}_[0-9].npz"))
        for optimize in (False, True) if cases else ():
            session = convoy.InferenceSession(model, optimize=optimize)
            for case in cases:
                arrays = dict(np.load(case))
                feeds = {key[3:]: value for key, value in arrays.items() if key.startswith("in_")}
                names = [key[4:] for key in arrays if key.startswith("out_")]
                outputs = session.run(names, feeds)
                compared += 1
                for key, output in zip(names, outputs):
                    if not is_same(output, arrays[f"out_{key}"]):
                        different.append(f"{case.stem} {key} optimize={optimize}")
    assert not different, f"seed {seed}: {different}"
    assert compared > 0
