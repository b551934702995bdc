"""ONNX's own backend cases, run by its official runner over convoy.backend.

expected_failures.txt names the cases that are known to fail; one of them that
passes is a failure here.
"""

import pathlib
import unittest

import onnx.backend.test

import convoy.backend

_KINDS = (
    "OnnxBackendNodeModelTest",
    "OnnxBackendSimpleModelTest",
    "OnnxBackendPyTorchConvertedModelTest",
    "OnnxBackendPyTorchOperatorModelTest",
)
_LIST = pathlib.Path(__file__).with_name("expected_failures.txt")


def expected_failures():
    """Names of cases, without comments."""
    lines = (line.split("#")[0].strip() for line in _LIST.read_text().splitlines())
    return {line for line in lines if line}


def _cpu_cases():
    runner = onnx.backend.test.BackendTest(convoy.backend, __name__)
    known, seen = expected_failures(), set()
    for kind in _KINDS:
        methods = {}
        for name, method in vars(runner.test_cases[kind]).items():
            if not name.endswith("_cpu"):
                continue
            case = name.removesuffix("_cpu")
            seen.add(case)
            methods[name] = unittest.expectedFailure(method) if case in known else method
        yield kind, type(kind, (unittest.TestCase,), methods)
    unknown = known - seen
    if unknown:
        raise ValueError(f"{_LIST.name} names cases that do not exist: {sorted(unknown)[:5]}")


globals().update(_cpu_cases())
