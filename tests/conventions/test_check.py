"""tools/check finds nothing in the tree, and finds each kind of breach in a small tree with one."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "tools" / "check"


def run_check(root: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)


def test_the_tree_keeps_its_conventions():
    result = run_check(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("includer, included", [
    ("runtime/session/run.cc", "runtime/plan/plan.h"),
    ("runtime/op/op.cc", "runtime/onnx/schema.h"),
    ("runtime/onnx/schema.cc", "runtime/graph/graph.h"),
    ("runtime/capi/session.cc", "loaders/onnx/read.h"),
    ("ops/relu.cc", "runtime/op/op.h"),
    ("tools/convoy/run.cc", "loaders/onnx/read.h"),
    ("ops/relu.cc", "ops/kernels/conv/tile.h"),
    ("ops/kernels/conv/tile.cc", "runtime/device/machine.h"),
])
def test_including_what_lies_below_is_allowed(tmp_path, includer, included):
    write_pair(tmp_path, includer, included)
    assert run_check(tmp_path).stdout == ""


@pytest.mark.parametrize("includer, included", [
    ("runtime/base/error.cc", "runtime/device/device.h"),
    ("runtime/graph/graph.cc", "runtime/op/op.h"),
    ("runtime/graph/graph.cc", "runtime/onnx/schema.h"),
    ("runtime/onnx/schema.cc", "runtime/op/op.h"),
    ("runtime/plan/plan.cc", "runtime/session/session.h"),
    ("runtime/session/session.cc", "loaders/onnx/read.h"),
    ("runtime/session/session.cc", "ops/relu.h"),
    ("ops/relu.cc", "loaders/onnx/read.h"),
    ("loaders/onnx/read.cc", "ops/relu.h"),
    ("loaders/onnx/read.cc", "tools/convoy/run.h"),
    ("ops/kernels/conv/tile.cc", "ops/relu.h"),
    ("ops/kernels/conv/tile.cc", "runtime/op/kernel.h"),
    ("ops/kernels/conv/tile.cc", "runtime/graph/graph.h"),
])
def test_including_what_lies_above_is_a_breach(tmp_path, includer, included):
    write_pair(tmp_path, includer, included)
    result = run_check(tmp_path)
    assert result.returncode == 1
    assert f"{includer}:1: " in result.stdout
    assert "may not include" in result.stdout


@pytest.mark.parametrize("path, text, message", [
    ("ops/conv_utils.cc", "\n", "says nothing"),
    ("ops/common/relu.cc", "\n", "says nothing"),
    ("ops/relu.cc", "//" + "x" * 99 + "\n", "101 columns"),
    ("ops/relu.cc", "int x; \n", "blanks at the end"),
    ("ops/relu.cc", "\n" * 401, "401 lines"),
    ("ops/relu.cc", '#include "relu.h"\n', "not a path from the root"),
    ("ops/relu.h", "#include <dnnl.hpp>\n", "heavy header"),
])
def test_other_breaches(tmp_path, path, text, message):
    write(tmp_path / path, text)
    result = run_check(tmp_path)
    assert result.returncode == 1
    assert message in result.stdout


def write_pair(root: Path, includer: str, included: str):
    write(root / included, "#pragma once\n")
    write(root / includer, f'#include "{included}"\n')


def write(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
