"""Programs from PyPI give the same with Convoy in the place of onnxruntime, their code unchanged.

A run takes SHARE of them, all of them with CONVOY_TEST_FULL.
"""

import importlib.util
import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-programs/bin/python"
SCRIPT = Path(__file__).with_name("programs.py")
PACKAGES = Path(importlib.util.find_spec("convoy").origin).parent.parent
SHARE = 3
WITHIN = 2e-3


def names_of_programs():
    spec = importlib.util.spec_from_file_location("programs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.PROGRAMS)


NAMES = names_of_programs()
if "CONVOY_TEST_FULL" not in os.environ:
    SEED = int(os.environ.get("CONVOY_FUZZ_SEED", int(time.time()) // 60))
    NAMES = random.Random(SEED).sample(NAMES, SHARE)


def result_of(name, folder, *launcher):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["HF_HUB_OFFLINE"] = "1"  # what is not in the packages is not there
    if launcher:
        environment["PYTHONPATH"] = str(PACKAGES)
    done = subprocess.run([PYTHON, *launcher, SCRIPT, name, folder], capture_output=True,
                          text=True, env=environment, timeout=600)
    return done, json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def assert_same(actual, expected, place="result"):
    assert type(actual) is type(expected), place
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys(), place
        for key in expected:
            assert_same(actual[key], expected[key], f"{place}.{key}")
    elif isinstance(expected, list):
        assert len(actual) == len(expected), place
        for i, pair in enumerate(zip(actual, expected)):
            assert_same(*pair, f"{place}[{i}]")
    elif isinstance(expected, float):
        assert actual == pytest.approx(expected, rel=WITHIN, abs=WITHIN, nan_ok=True), place
    else:
        assert actual == expected, place


@pytest.mark.parametrize("name", NAMES)
def test_same_as_with_onnxruntime(name, tmp_path):
    if not PYTHON.exists():
        pytest.skip("no .venv-programs: tools/setup --peers makes it")
    done, expected = result_of(name, tmp_path)
    if "ModuleNotFoundError" in done.stderr and expected is None:
        pytest.skip(done.stderr.splitlines()[-1])
    assert expected is not None, f"with onnxruntime: {done.stderr}"
    assert expected, "an empty answer would compare equal to any other"
    done, actual = result_of(name, tmp_path, "-m", "convoy.as_onnxruntime")
    assert actual is not None, done.stderr
    assert_same(actual, expected)
