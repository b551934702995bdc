"""What tests share: where the peer's environment is."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
