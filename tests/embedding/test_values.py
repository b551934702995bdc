"""Runs values_in_c.py in a process of its own: the library and the Python module, each with ONNX's
messages, cannot share the one Protocol Buffers library that both are linked to."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_values_are_read_through_c():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs",
               "tests/embedding/values_in_c.py"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout, result.stdout
