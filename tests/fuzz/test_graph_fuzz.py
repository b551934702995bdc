"""Random graphs with the kernels of each instruction set, and their reference kernels against ONNX
Runtime: short runs, or the whole ones."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/bin"


@pytest.fixture
def fuzz(seed):
    def run(program, *arguments, isa=None):
        environment = dict(os.environ) if isa is None else dict(os.environ, CONVOY_ISA=isa)
        command = [BIN / program, "--seed", str(seed), *map(str, arguments)]
        done = subprocess.run(command, env=environment, text=True, capture_output=True,
                              timeout=7200)
        assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"

    return run


@pytest.mark.parametrize("isa", ["generic", "avx2"])
def test_kernels_of_older_machines_agree(fuzz, is_full, isa):
    fuzz("graph_fuzz", "--graphs", 10000 if is_full else 40, "--first", 1000, isa=isa)


@pytest.mark.parametrize("program", ["branch_fuzz", "graph_fuzz"])
def test_graphs_compute_the_same(fuzz, is_full, program):
    fuzz(program, "--graphs", 10000 if is_full else 20, "--first", 20000)


def test_reference_kernels_agree_with_onnxruntime(fuzz, is_full, seed, peer_python, tmp_path):
    fuzz("graph_fuzz", "--graphs", 1000 if is_full else 100, "--first", 2000, "--write", tmp_path)
    compared = subprocess.run([peer_python, ROOT / "tests/fuzz/against_onnxruntime.py", tmp_path],
                              text=True, capture_output=True, timeout=7200)
    assert compared.returncode == 0, f"seed {seed}\n{compared.stdout}{compared.stderr}"
