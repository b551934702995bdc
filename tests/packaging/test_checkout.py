"""`pip install .` in a checkout: it runs tools/setup first, and says what that says is missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CMAKE = ROOT / ".venv/bin/cmake"
SETUP = """#!/bin/sh
echo "setup: packages are missing; run:  apt-get install g++" >&2
exit 1
"""


def test_what_is_missing_is_named(tmp_path):
    """As scikit-build-core calls CMake, where tools/setup fails and there is no compiler either."""
    shutil.copytree(ROOT / "cmake", tmp_path / "cmake")
    shutil.copy(ROOT / "CMakeLists.txt", tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/setup").write_text(SETUP)
    (tmp_path / "tools/setup").chmod(0o755)
    done = subprocess.run([CMAKE, "-DSKBUILD=2", "-S", tmp_path, "-B", tmp_path / "build"],
                          capture_output=True, text=True, env={"PATH": "/bin", "CXX": "absent"})
    assert done.returncode == 1
    assert "apt-get install g++" in done.stderr
    assert "tools/setup" in done.stderr
    assert "compiler" not in done.stderr


def test_no_folder_is_left_out_of_a_wheel():
    """scikit-build-core takes folders of these names for those of the wheel itself."""
    assert list((ROOT / "tools/python").rglob("*.dist-info")) == []


def test_a_clone_is_installed(is_full, tmp_path):
    if not is_full:
        pytest.skip("only tools/test --full builds the package once more")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {"CONVOY_DEPS": str(ROOT / ".deps"), **kept}
    done = subprocess.run([python, "-m", "pip", "install", "."], cwd=clone, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    answer = subprocess.run([python, Path(__file__).with_name("first_answer.py"),
                             ROOT / "models/rowwise_conv1d.onnx"], cwd=tmp_path, env=environment,
                            capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert said["same"] and said["from"].startswith(str(tmp_path))
