"""ONNX's own backend cases over convoy.backend, and how their outputs are compared."""

import contextlib
import unittest

import numpy as np
import onnx.backend.test

import convoy.backend

KINDS = ("Node", "Simple", "PyTorchConverted", "PyTorchOperator")

# Their expected outputs are draws of a generator that ONNX does not define: no implementation
# meets them but by luck. Shapes, types and the set of values are compared.
RANDOM = {
    "test_bernoulli",
    "test_bernoulli_double",
    "test_bernoulli_double_expanded",
    "test_bernoulli_expanded",
    "test_bernoulli_seed",
    "test_bernoulli_seed_expanded",
}


class Cases(onnx.backend.test.BackendTest):
    """The official runner; it compares the elements of sequences as it compares tensors, where
    its own way stops at elements that are scalars."""

    _random = False

    @classmethod
    @contextlib.contextmanager
    def _drawing(cls):
        cls._random = True
        try:
            yield
        finally:
            cls._random = False

    @classmethod
    def assert_similar_outputs(cls, ref_outputs, outputs, rtol, atol, model_dir=None):
        np.testing.assert_equal(len(outputs), len(ref_outputs))
        for output, expected in zip(outputs, ref_outputs):
            if isinstance(expected, (list, tuple)):
                assert isinstance(output, (list, tuple)), f"{type(output)} is no sequence"
                cls.assert_similar_outputs(expected, output, rtol, atol, model_dir)
            elif cls._random:
                assert (output.shape, output.dtype) == (expected.shape, expected.dtype)
                assert set(output.ravel().tolist()) <= {0, 1}
            else:
                super().assert_similar_outputs([expected], [output], rtol, atol, model_dir)

    def methods(self, kind):
        """{case: test method} of a kind, on the CPU."""
        found = {}
        for name, method in vars(self.test_cases[f"OnnxBackend{kind}ModelTest"]).items():
            if name.endswith("_cpu"):
                case = name.removesuffix("_cpu")
                found[case] = self._of_draws(method) if case in RANDOM else method
        return found

    @classmethod
    def _of_draws(cls, method):
        def run(self):
            with cls._drawing():
                method(self)

        return run

    def test_case(self, kind, decorate=lambda case, method: method):
        """A TestCase of all cases of a kind."""
        methods = {
            f"{case}_cpu": decorate(case, method)
            for case, method in self.methods(kind).items()
        }
        return type(f"OnnxBackend{kind}ModelTest", (unittest.TestCase,), methods)


def load_cases(module):
    return Cases(convoy.backend, module)
