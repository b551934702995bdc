"""ONNX's own backend cases on other devices: on the mirror device outputs are those of the CPU, bit
for bit; on the emulated GPU floats are near, since its kernels add up in an order of their own.

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
import onnx.helper
import pytest

import convoy
from convoy.backend import ConvoyBackend

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import onnx_cases  # noqa: E402

SEED = int(os.environ.get("CONVOY_FUZZ_SEED", time.time() // 60))
SHARE = 1 if os.environ.get("CONVOY_TEST_FULL") else 6


def equal_bits(one, other):
    return one.tobytes() == other.tobytes()


def near(one, other):
    """Floats within 1e-4 of the largest (16-bit floats 1e-2), all else the same bits."""
    if one.dtype.kind != "f":
        return equal_bits(one, other)
    one, other = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(other)
    if not np.array_equal(finite, np.isfinite(one)):
        return False
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return False
    largest = max(1e-2, np.abs(other[finite]).max(initial=0))
    tolerance = 1e-2 if one.dtype.itemsize == 2 else 1e-4
    return np.abs(one - other)[finite].max(initial=0) <= tolerance * largest


def same(one, other, alike):
    """Whether values are alike, in sequences and maps too."""
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b, alike) for a, b in zip(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k], alike) for k in one)
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype == object:
        return one.shape == other.shape and (one == other).all()
    return one.dtype == other.dtype and one.shape == other.shape and alike(one, other)


class Differs(Exception):
    """What the device does is not what the CPU does."""


class OnBoth:
    """Runs a model on the CPU and on another device."""

    device = "mirror"
    alike = staticmethod(equal_bits)

    def __init__(self, model):
        self._model = model
        self._cpu = convoy.InferenceSession(model, threads=1)

    def run(self, inputs, **_):
        """Outputs of the device, which are to be those of the CPU."""
        names = [value.name for value in self._cpu.get_inputs()]
        if not isinstance(inputs, dict):
            inputs = dict(zip(names, inputs if isinstance(inputs, (list, tuple)) else [inputs]))
        cpu = self._cpu.run(None, inputs)
        try:
            there = convoy.InferenceSession(self._model, device=self.device, threads=1)
            outputs = there.run(None, inputs)
        except convoy.Error as error:
            raise Differs(f"only on {self.device}: {error}") from error
        if not same(outputs, cpu, self.alike):
            raise Differs(f"{self.device} computes something else than the CPU")
        return outputs


class OnGpu(OnBoth):
    """The same with the emulated GPU."""

    device = "cuda-emulated"
    alike = staticmethod(near)


class Mirror(ConvoyBackend):
    """Prepares models for both devices."""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        return OnBoth(model)


class Cuda(ConvoyBackend):
    """The same with the emulated GPU."""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        return OnGpu(model)


def cases(backend):
    """{name: test method} of this run's share; cases that draw random numbers are left out."""
    found = {}
    all_cases = onnx_cases.Cases(backend, __name__)
    for kind in onnx_cases.KINDS:
        for name, method in all_cases.methods(kind).items():
            drawn = any(word in name for word in ("bernoulli", "random", "training_dropout"))
            mine = (zlib.crc32(name.encode()) + SEED) % SHARE == 0
            if mine and not drawn:
                found[name] = method
    return found


def has_emulated_gpu():
    """Whether the library of emulated kernels was built."""
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [value("x", 1, [1])], [value("y", 1, [1])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    try:
        convoy.InferenceSession(model.SerializeToString(), device="cuda-emulated")
    except convoy.Error:
        return False
    return True


def run_case(method):
    try:
        method(None)
    except AssertionError:
        pass  # what the case expects is tested on the CPU
    except convoy.Error as error:
        pytest.skip(f"not on the CPU either: {error}")


ON_MIRROR = cases(Mirror)
ON_GPU = {} if "CONVOY_MIRROR_MISSING" in os.environ else cases(Cuda)


@pytest.mark.parametrize("name", sorted(ON_MIRROR))
def test_mirror_computes_what_the_cpu_does(name):
    run_case(ON_MIRROR[name])


@pytest.mark.skipif(not has_emulated_gpu(), reason="the emulated GPU was not built")
@pytest.mark.parametrize("name", sorted(ON_GPU))
def test_cuda_computes_what_the_cpu_does(name):
    run_case(ON_GPU[name])


@pytest.mark.skipif("CONVOY_MIRROR_MISSING" in os.environ, reason="this is that process")
def test_mirror_with_half_of_the_operators():
    settings = {"CONVOY_MIRROR_MISSING": str(SEED), "CONVOY_FUZZ_SEED": str(SEED + SHARE // 2)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", pathlib.Path(__file__)],
        env={**os.environ, **settings}, capture_output=True, text=True)
    assert done.returncode == 0, f"CONVOY_MIRROR_MISSING={SEED}:\n{done.stdout[-3000:]}"
