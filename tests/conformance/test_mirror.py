"""ONNX's own backend cases on the mirror device: outputs are those of the CPU, bit for bit.

A share of them, by CONVOY_FUZZ_SEED or the minute; all with CONVOY_TEST_FULL. Once more with half
of the operators left out there (CONVOY_MIRROR_MISSING), in a process of its own.
"""

import os
import pathlib
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

import convoy
from convoy.backend import ConvoyBackend

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import onnx_cases  # noqa: E402

SEED = int(os.environ.get("CONVOY_FUZZ_SEED", time.time() // 60))
SHARE = 1 if os.environ.get("CONVOY_TEST_FULL") else 6


def same(one, other):
    """Equal bits, in sequences and maps too."""
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype == object:
        return one.shape == other.shape and (one == other).all()
    alike = one.dtype == other.dtype and one.shape == other.shape
    return alike and one.tobytes() == other.tobytes()


class Differs(Exception):
    """What the mirror device does is not what the CPU does."""


class OnBoth:
    """Runs a model on the CPU and on the mirror device."""

    def __init__(self, model):
        self._model = model
        self._cpu = convoy.InferenceSession(model, threads=1)

    def run(self, inputs, **_):
        """Outputs of the mirror device, which are to be those of the CPU."""
        names = [value.name for value in self._cpu.get_inputs()]
        if not isinstance(inputs, dict):
            inputs = dict(zip(names, inputs if isinstance(inputs, (list, tuple)) else [inputs]))
        cpu = self._cpu.run(None, inputs)
        try:
            mirror = convoy.InferenceSession(self._model, device="mirror", threads=1)
            outputs = mirror.run(None, inputs)
        except convoy.Error as error:
            raise Differs(f"only on the mirror device: {error}") from error
        if not same(outputs, cpu):
            raise Differs("the mirror device computes other bits than the CPU")
        return outputs


class Mirror(ConvoyBackend):
    """Prepares models for both devices."""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        return OnBoth(model)


def cases():
    """{name: test method} of this run's share; cases that draw random numbers are left out."""
    found = {}
    all_cases = onnx_cases.Cases(Mirror, __name__)
    for kind in onnx_cases.KINDS:
        for name, method in all_cases.methods(kind).items():
            drawn = any(word in name for word in ("bernoulli", "random", "training_dropout"))
            mine = (zlib.crc32(name.encode()) + SEED) % SHARE == 0
            if mine and not drawn:
                found[name] = method
    return found


CASES = cases()


@pytest.mark.parametrize("name", sorted(CASES))
def test_mirror_computes_what_the_cpu_does(name):
    try:
        CASES[name](None)
    except AssertionError:
        pass  # what the case expects is tested on the CPU
    except convoy.Error as error:
        pytest.skip(f"not on the CPU either: {error}")


@pytest.mark.skipif("CONVOY_MIRROR_MISSING" in os.environ, reason="this is that process")
def test_mirror_with_half_of_the_operators():
    settings = {"CONVOY_MIRROR_MISSING": str(SEED), "CONVOY_FUZZ_SEED": str(SEED + SHARE // 2)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", pathlib.Path(__file__)],
        env={**os.environ, **settings}, capture_output=True, text=True)
    assert done.returncode == 0, f"CONVOY_MIRROR_MISSING={SEED}:\n{done.stdout[-3000:]}"
