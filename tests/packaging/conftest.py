"""What the tests of this folder install."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAS_HEADERS = """
import os, sys, sysconfig
headers = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(sys.version_info < (3, 12) or not os.path.exists(headers))
"""


def make(*arguments):
    done = subprocess.run([ROOT / "tools/wheel", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel for the Python of .venv; CONVOY_WHEEL names one that is already made."""
    if "CONVOY_WHEEL" in os.environ:
        return Path(os.environ["CONVOY_WHEEL"])
    return make(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def newer_wheel(tmp_path_factory):
    """The wheel for 3.12 and newer, made with the Python that CONVOY_NEWER_PYTHON names."""
    named = os.environ.get("CONVOY_NEWER_PYTHON")
    candidates = [named] if named else map(shutil.which, ("python3.12", "python3.13", "python3.14"))
    for python in filter(None, candidates):
        if subprocess.run([python, "-c", HAS_HEADERS], capture_output=True).returncode == 0:
            return make("--python", python, tmp_path_factory.mktemp("newer"))
    pytest.skip("no Python 3.12 or newer with its headers: CONVOY_NEWER_PYTHON may name one")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The archive of the C and C++ library."""
    return make("--library", tmp_path_factory.mktemp("library"))
