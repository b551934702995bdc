"""What tests share: where the peer's environment is, and whether long suites run whole."""

import doctest
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

IS_FULL = "CONVOY_TEST_FULL" in os.environ  # tools/test --full
SEED = int(os.environ.get("CONVOY_FUZZ_SEED", int(time.time()) // 60))


def find_peer_python():
    """The Python with onnxruntime: $CONVOY_PEERS, or that of .venv-peers; None if neither is."""
    named = os.environ.get("CONVOY_PEERS")
    for candidate in [Path(named)] if named else [ROOT / ".venv-peers/bin/python"]:
        if candidate.exists():
            return candidate
    return None


@pytest.fixture(scope="session")
def peer_python():
    """The Python that has onnxruntime; the test skips where there is none."""
    python = find_peer_python()
    if python is None:
        pytest.skip("no environment with onnxruntime: .venv-peers, or the Python in CONVOY_PEERS")
    return python


@pytest.fixture(scope="session")
def run_in_peer(peer_python):
    """Runs a script in the peer's Python; what it prints is shown where it fails."""

    def run(script, *arguments):
        command = [peer_python, script, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    return run


@pytest.fixture(scope="session")
def with_torch():
    """What runs a command whose Python is to import torch; the test skips where it is not there."""
    program = ROOT / ".venv-torch/with-torch"
    if not program.exists():
        pytest.skip("no torch: tools/setup --peers unpacks Debian 12's into .venv-torch")
    return program


@pytest.fixture(scope="session")
def example_folder(tmp_path_factory):
    """What docs/examples/write_model.py writes."""
    folder = tmp_path_factory.mktemp("example")
    subprocess.run([sys.executable, ROOT / "docs/examples/write_model.py", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def prints_what_it_says():
    """Asserts that a program of docs/examples, run by a command, prints the lines that follow
    `Prints` in its opening comment, where `...` stands for any."""

    def check(name, command, **options):
        text = (ROOT / "docs/examples" / name).read_text(encoding="utf-8")
        said = re.search(r"Prints.*:\n((?:(?://|#| \*|) {2,}.*\n)+)", text).group(1)
        said = re.sub(r"^(?://|#| \*|) {2,}", "", said, flags=re.MULTILINE)
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=300, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert doctest.OutputChecker().check_output(said, done.stdout, flags), done.stdout

    return check


@pytest.fixture(scope="session")
def is_full():
    """Whether to run a long suite whole instead of a share of it."""
    return IS_FULL


@pytest.fixture(scope="session")
def seed():
    """What chooses the share of a long suite; tests that fail print it."""
    return SEED


@pytest.fixture
def onnxruntime_here(monkeypatch):
    """onnxruntime in this process: installed beside pytest, or else from the peer's environment."""
    python = find_peer_python()
    if python is not None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = python.parent.parent / "lib" / version / "site-packages"
        monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    return pytest.importorskip("onnxruntime")
