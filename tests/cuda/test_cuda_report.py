"""tools/bench/cuda_report: the folder that it makes works, tried out on the emulated GPU."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
LIBRARY = BUILD / "lib/libconvoy_cuda_emulated.so"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What was packed, moved away from where it was."""
    if not LIBRARY.exists():
        pytest.skip("the emulated GPU was not built")
    packed = tmp_path_factory.mktemp("report") / "packed"
    subprocess.run([sys.executable, ROOT / "tools/bench/cuda_report", packed, "--build", BUILD],
                   check=True, capture_output=True)
    assert sum(file.stat().st_size for file in packed.rglob("*")) < 60 << 20
    return packed.rename(packed.parent / "elsewhere")


def run_in(folder, device):
    """The exit code, and what results.json has."""
    done = subprocess.run(
        [sys.executable, "-I", folder / "run.py", "--device", device, "--tiny"],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    return done.returncode, json.loads((folder / "results.json").read_text())


def test_the_folder_stands_alone(folder):
    code, steps = run_in(folder, "cuda-emulated")
    assert code == 0, steps
    steps = {step["name"]: step for step in steps}
    assert steps["kernels"]["status"] == "ok"
    assert steps["rows B=1 H=10"]["microseconds"] > 0
    assert "reason" in steps["compute-sanitizer"]


def test_a_device_that_is_not_there_is_said(folder):
    code, steps = run_in(folder, "cuda:9")
    assert code == 1
    assert steps[-1]["status"] == "failed" and steps[-1]["name"] == "cuda:9"
