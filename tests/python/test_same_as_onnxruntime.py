"""The same script with onnxruntime and with Convoy gives the same, exceptions by class included.

onnxruntime's half runs in the Python of CONVOY_PEERS (an executable or a site-packages folder), or
of .venv-peers, which tools/setup makes.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = Path(__file__).parent / "peer_scripts"
sys.path.insert(0, str(SCRIPTS))
import models  # noqa: E402
import runner  # noqa: E402
from cases import CASES, difference  # noqa: E402


def peer_command():
    """(executable, more environment) of the Python that has onnxruntime; None where none has."""
    given = os.environ.get("CONVOY_PEERS")
    place = Path(given) if given else ROOT / ".venv-peers" / "bin" / "python"
    more = {}
    if place.is_dir():
        place, more = Path(sys.executable), {"PYTHONPATH": str(place)}
    if not place.exists():
        return None
    found = subprocess.run([place, "-c", "import onnxruntime"], env={**os.environ, **more},
                           capture_output=True, check=False)
    return (place, more) if found.returncode == 0 else None


def results_of(python, module, folder, more):
    output = folder / f"{module}.json"
    subprocess.run([python, SCRIPTS / "runner.py", module, folder, output], check=True,
                   env={**os.environ, **more}, timeout=600, capture_output=True)
    return json.loads(output.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Results by case, of onnxruntime and of Convoy."""
    peer = peer_command()
    if peer is None:
        pytest.skip("onnxruntime cannot be imported: name its Python in CONVOY_PEERS")
    folder = tmp_path_factory.mktemp("models")
    models.write_models(folder)
    python, more = peer
    package = Path(importlib.util.find_spec("convoy").origin).parent.parent
    return (results_of(python, "onnxruntime", folder, more),
            results_of(sys.executable, "convoy", folder, {"PYTHONPATH": str(package)}))


@pytest.mark.parametrize("name", CASES)
def test_gives_what_onnxruntime_gives(both, name):
    peer, ours = (results[name] for results in both)
    assert "failed" not in peer, peer["failed"]
    assert "failed" not in ours, ours["failed"]
    assert difference(peer["returned"], ours["returned"]) == ""


def test_there_are_enough_cases():
    assert len(runner.CASES) >= 40


def test_every_behaviour_has_a_script_and_every_script_a_behaviour():
    text = (ROOT / "tests" / "conformance" / "onnxruntime_behaviours.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    named = {name.strip() for line in lines for name in line.split("|")[1].split(",")}
    assert named - CASES.keys() == set()
    assert CASES.keys() - named <= {"nothing_for_a_tensor"}
