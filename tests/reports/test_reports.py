"""Small models after public bug reports, with what NumPy, PyTorch or ONNX Runtime make of them.

README.md says where each comes from.
"""

import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
CONVOY = FOLDER.parents[1] / "build/bin/convoy"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/model.onnx"))


def convoy(*arguments):
    return subprocess.run([CONVOY, *arguments], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("rewritten", ["rewritten", "as_it_is"])
@pytest.mark.parametrize("name", NAMES)
def test_gives_the_expected_outputs(name, rewritten):
    options = [] if rewritten == "rewritten" else ["--no-optimize"]
    result = convoy("test", FOLDER / name, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed, 0 failed" in result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_is_the_same_from_the_optimized_file(name, tmp_path):
    result = convoy("optimize", FOLDER / name / "model.onnx", tmp_path / "model.onnx")
    assert result.returncode == 0, result.stderr
    for data in [*FOLDER.glob(f"{name}/test_data_set_*"), *FOLDER.glob(f"{name}/tolerance.json")]:
        (tmp_path / data.name).symlink_to(data)
    result = convoy("test", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
