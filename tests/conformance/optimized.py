"""Checks that optimized models still give their golden outputs, in Convoy and in ONNX Runtime.

Each model with test data (ONNX's own backend cases and folders with model.onnx and test_data_set_*)
is run as it is and optimized. An engine that does not run the original, or gets other numbers from
it, is not asked about the optimized one. Without onnxruntime only Convoy is asked. Prints counts
and what fails; exits 1 if anything does.

    PYTHONPATH=build/python .venv/bin/python tests/conformance/optimized.py [FOLDER...]
"""

import argparse
import collections
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

import convoy

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

_KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
# rtol, atol of types that round more than a case's tolerance says.
_COARSE = {"float16": (5e-3, 2e-3), "bfloat16": (4e-2, 2e-2)}
_ZOO = pathlib.Path(__file__).parents[2] / ".." / "shared" / "zoo" / "public"


def _read_value(path, type_proto):
    data = path.read_bytes()
    kind = type_proto.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind == "optional_type":
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def _plain(value):
    """Cases in memory hold element types that numpy lacks as TensorProto."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _data_sets(folder, model):
    """(feeds, expected outputs) of each data set."""
    initialized = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initialized]
    if not list(folder.glob("test_data_set_0/input_*.pb")):
        inputs = []
    for data in sorted(folder.glob("test_data_set_*")):
        count = len(list(data.glob("input_*.pb")))
        fed = list(model.graph.input)[:count] if count > len(inputs) else inputs[:count]
        feeds = {
            value.name: _read_value(data / f"input_{i}.pb", value.type)
            for i, value in enumerate(fed)
        }
        expected = [
            _read_value(data / f"output_{i}.pb", value.type)
            for i, value in enumerate(model.graph.output)
            if (data / f"output_{i}.pb").exists()
        ]
        yield feeds, expected


def _same(actual, expected, rtol, atol):
    if expected is None or actual is None:
        return expected is actual
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(
            _same(a, b, rtol, atol) for a, b in zip(actual, expected)
        )
    a, b = np.asarray(actual), np.asarray(expected)
    if a.shape != b.shape:
        return False
    if b.dtype.kind in "OUS":
        return a.astype(str).tolist() == b.astype(str).tolist()
    if b.dtype.name in _COARSE:
        rtol, atol = (max(pair) for pair in zip((rtol, atol), _COARSE[b.dtype.name]))
    if b.dtype.kind not in "fciub":
        a, b = a.astype(np.float32), b.astype(np.float32)
    return np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)


def _run_convoy(model_bytes, feeds):
    return convoy.InferenceSession(model_bytes, optimize=False, threads=1).run(None, feeds)


def _run_peer(model_bytes, feeds):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model_bytes, options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def _verdict(run, original, optimized, data_sets, tolerance):
    """ "same", "skipped", or what went wrong."""
    try:
        for feeds, expected in data_sets:
            if not _same(run(original, feeds), expected, *tolerance):
                return "skipped"
    except Exception:
        return "skipped"
    try:
        for feeds, expected in data_sets:
            if not _same(run(optimized, feeds), expected, *tolerance):
                return "other numbers"
    except Exception as error:
        return str(error).strip().splitlines()[0][:300]
    return "same"


class _Case:
    """A model with its test data: in a folder, or in memory."""

    def __init__(self, kind, name, tolerance, folder=None, model=None, data_sets=()):
        self.kind, self.name, self.tolerance = kind, name, tolerance
        self._folder, self._model, self._data_sets = folder, model, data_sets

    def read(self):
        """(model bytes, [(feeds, expected outputs)])"""
        if self._folder:
            model = onnx.load(self._folder / "model.onnx", load_external_data=False)
            data_sets = list(_data_sets(self._folder, model))
            return (self._folder / "model.onnx").read_bytes(), data_sets
        names = [value.name for value in self._model.graph.input]
        data_sets = [
            (dict(zip(names, map(_plain, fed))), [_plain(value) for value in expected])
            for fed, expected in self._data_sets
        ]
        return self._model.SerializeToString(), data_sets


def _folder_cases(paths):
    for path in paths:
        for file in sorted(pathlib.Path(path).glob("**/model.onnx")):
            tolerance = (1e-3, 1e-5)
            stated = file.with_name("tolerance.json")
            if stated.exists():
                numbers = json.loads(stated.read_text())
                tolerance = (numbers["rtol"], numbers["atol"])
            yield _Case(pathlib.Path(path).name, file.parent.name, tolerance, file.parent)


def _onnx_cases():
    for kind in _KINDS:
        for case in load_model_tests(kind=kind):
            tolerance = (case.rtol, max(case.atol, 1e-6))
            folder = pathlib.Path(case.model_dir) if case.model_dir else None
            yield _Case(kind, case.name, tolerance, folder, case.model, case.data_sets)


def _check(case, engines, counts):
    """Adds to counts; yields a line for each engine that fails."""
    try:
        original, data_sets = case.read()
    except Exception:
        counts["not read"] += 1
        return
    for target in ("convoy", "ort"):
        try:
            optimized, _ = convoy.optimize(original, target=target)
        except convoy.Unsupported:
            counts["not loaded"] += 1
            return
        except Exception as error:
            counts["not optimized"] += 1
            yield f"optimize: {error}"
            return
        for name, run in engines.items():
            if target == "ort" and name == "Convoy":
                continue
            verdict = _verdict(run, original, optimized, data_sets, case.tolerance)
            key = verdict if verdict in ("same", "skipped") else "differs"
            counts[f"{name} ({target}) {key}"] += 1
            if key == "differs":
                yield f"{name}, --target {target}: {verdict}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", default=[str(_ZOO)])
    parser.add_argument("--only", help="names that contain this")
    arguments = parser.parse_args()
    engines = {"Convoy": _run_convoy}
    if onnxruntime:
        engines["ONNX Runtime"] = _run_peer
    failed = 0
    totals = collections.defaultdict(collections.Counter)
    for case in [*_folder_cases(arguments.folders), *_onnx_cases()]:
        if arguments.only and arguments.only not in case.name:
            continue
        for problem in _check(case, engines, totals[case.kind]):
            failed += 1
            print(f"{case.kind}/{case.name}: {problem}", flush=True)
    for kind, counts in totals.items():
        print(f"{kind}: " + ", ".join(f"{key} {n}" for key, n in sorted(counts.items())))
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
