"""ONNX's own backend cases, run by its official runner over convoy.backend.

expected_failures.txt names the cases that are known to fail; one of them that passes is a failure
here. Cases whose outputs are random draws stand there too; of them, shapes and types are compared.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import onnx_cases  # noqa: E402

_LIST = pathlib.Path(__file__).with_name("expected_failures.txt")


def expected_failures():
    """Names of cases, without comments."""
    lines = (line.split("#")[0].strip() for line in _LIST.read_text().splitlines())
    return {line for line in lines if line}


def _cpu_cases():
    cases = onnx_cases.load_cases(__name__)
    listed, seen = expected_failures(), set()
    if missing := onnx_cases.RANDOM - listed:
        raise ValueError(f"{_LIST.name} lacks {sorted(missing)}")
    known = listed - onnx_cases.RANDOM

    def decorate(case, method):
        seen.add(case)
        return unittest.expectedFailure(method) if case in known else method

    for kind in onnx_cases.KINDS:
        case_class = cases.test_case(kind, decorate)
        yield case_class.__name__, case_class
    if unknown := listed - seen:
        raise ValueError(f"{_LIST.name} names cases that do not exist: {sorted(unknown)[:5]}")


globals().update(_cpu_cases())
