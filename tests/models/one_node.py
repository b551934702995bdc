"""Models of one node, for comparisons of single operators."""

import dataclasses

import numpy as np
import onnx
from onnx import helper


@dataclasses.dataclass
class Case:
    """One node; None in inputs or outputs: left out."""

    name: str
    op: str
    inputs: list
    attributes: dict
    outputs: list
    within: float = 2e-5  # of the largest magnitude of an output
    valid: dict = dataclasses.field(default_factory=dict)  # output: which elements count

    def model(self, opset=21, open_sizes=False):
        names, infos, feeds = [], [], {}
        for i, value in enumerate(self.inputs):
            names.append("" if value is None else f"input_{i}")
            if value is None:
                continue
            feeds[names[-1]] = value = np.asarray(value)
            dtype = helper.np_dtype_to_tensor_dtype(value.dtype)
            shape = [f"{names[-1]}_{axis}" for axis in range(value.ndim)]
            shape = shape if open_sizes else value.shape
            infos.append(helper.make_tensor_value_info(names[-1], dtype, shape))
        outputs = [name or "" for name in self.outputs]
        node = helper.make_node(
            self.op, names, outputs, domain="com.microsoft", **self.attributes
        )
        graph = helper.make_graph(
            [node], "graph", infos, [onnx.ValueInfoProto(name=name) for name in outputs if name]
        )
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        return model.SerializeToString(), feeds


def check(case, actual, expected):
    """Fails unless the outputs (by name) are equal within the tolerance of the case."""
    for name, wanted in expected.items():
        got = actual[name]
        assert got.shape == wanted.shape, f"{name}: {got.shape}, not {wanted.shape}"
        assert got.dtype == wanted.dtype, f"{name}: {got.dtype}, not {wanted.dtype}"
        if wanted.dtype.kind != "f":
            assert np.array_equal(got, wanted), name
            continue
        got, wanted = got.astype(np.float64), wanted.astype(np.float64)
        if name in case.valid:
            got, wanted = got[case.valid[name]], wanted[case.valid[name]]
        assert np.array_equal(np.isfinite(got), np.isfinite(wanted)), f"{name}: not finite"
        finite = np.isfinite(wanted)
        if not finite.any():
            continue
        error = np.abs(got - wanted)[finite].max()
        scale = max(1e-6, np.abs(wanted[finite]).max())
        assert error <= case.within * scale, f"{name}: {error} of {scale}"
