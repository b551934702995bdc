"""Short runs of the random general graphs: with the kernels of each instruction set, and the
reference kernels against ONNX Runtime."""

import os
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUZZER = ROOT / "build/bin/graph_fuzz"
SEED = os.environ.get("CONVOY_FUZZ_SEED", str(int(time.time()) // 60))


def fuzz(*arguments, isa=None):
    environment = dict(os.environ) if isa is None else dict(os.environ, CONVOY_ISA=isa)
    return subprocess.run([FUZZER, "--seed", SEED, *arguments], env=environment, text=True,
                          capture_output=True, timeout=600)


@pytest.mark.parametrize("isa", ["generic", "avx2"])
def test_kernels_of_older_machines_agree(isa):
    done = fuzz("--graphs", "40", "--first", "1000", isa=isa)
    assert done.returncode == 0, done.stdout + done.stderr


def test_reference_kernels_agree_with_onnxruntime(peer_python, tmp_path):
    written = fuzz("--graphs", "100", "--first", "2000", "--write", str(tmp_path))
    assert written.returncode == 0, written.stdout + written.stderr
    compared = subprocess.run([peer_python, ROOT / "tests/fuzz/against_onnxruntime.py", tmp_path],
                              text=True, capture_output=True, timeout=600)
    assert compared.returncode == 0, f"seed {SEED}\n{compared.stdout}{compared.stderr}"
