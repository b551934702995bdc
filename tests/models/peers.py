"""Other runtimes, which live in an environment of their own."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def python() -> str:
    """The Python that has onnx and onnxruntime: $CONVOY_PEERS, else .venv-peers. Skips without."""
    found = os.environ.get("CONVOY_PEERS") or str(ROOT / ".venv-peers/bin/python")
    if not os.path.exists(found):
        pytest.skip(f"no environment with onnxruntime: {found} does not exist",
                    allow_module_level=True)
    return found


def run_script(name: str, *arguments) -> None:
    """Runs tests/models/NAME there; what it prints is shown where it fails."""
    script = pathlib.Path(__file__).with_name(name)
    command = [python(), str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
