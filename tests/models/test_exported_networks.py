"""Networks as PyTorch exports them and ONNX Runtime quantizes them, against ONNX Runtime without
optimizations: as they are, and at batches of one, two and three where opening the batch is enough.

CONVOY_NETWORKS names their folder, which ../shared/networks/export.py fills; where it is not set,
that is ../networks. They run with CONVOY_TEST_FULL.
"""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import convoy

FOLDER = Path(os.environ.get("CONVOY_NETWORKS", Path(__file__).parents[3] / "networks"))
NETWORKS = sorted(path.stem for path in FOLDER.glob("*.onnx"))
# Of the largest output. Noise of a millionth in the input moves the output of a transformer of
# 8-bit integers by 4 %.
TOLERANCE, INT8_TOLERANCE = 2e-4, 0.1


def constants_of(graph):
    """The tensors that the graph holds, by the names of their values."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    found |= {node.output[0]: node.attribute[0].t for node in graph.node
              if node.op_type == "Constant" and node.attribute[0].name == "value"}
    return found


def fill_zero_heads(graph):
    """Transformers begin with a head of zeros, whose answers would say nothing."""
    rng = np.random.default_rng(0)
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if weight.ndim == 2 and weight.size > 1000 and not weight.any():
            filled = rng.integers(-100, 100, weight.shape) / (1 if weight.dtype == np.int8 else 1e3)
            tensor.CopyFrom(numpy_helper.from_array(filled.astype(weight.dtype), tensor.name))


def open_batch(graph):
    """Makes the first axis of inputs open, and of the constant shapes that repeat its size."""
    constants = constants_of(graph)
    sizes = set()
    for value in graph.input:
        axis = value.type.tensor_type.shape.dim[0]
        sizes.add(axis.dim_value)
        axis.dim_param = "batch"
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    del graph.value_info[:]
    for number, node in enumerate(graph.node):
        if node.op_type != "Reshape" or node.input[1] not in constants:
            continue
        shape = numpy_helper.to_array(constants[node.input[1]]).copy()
        if shape.size and shape[0] in sizes and (shape != 0).all():
            shape[0] = 0
            graph.initializer.append(numpy_helper.from_array(shape, f"open_shape_{number}"))
            node.input[1] = f"open_shape_{number}"


def widen_weights(graph):
    """The same products with weights of uint8: ONNX Runtime's sums of two products of uint8 and
    int8 saturate at 16 bits on machines without VNNI."""
    constants = constants_of(graph)
    names = {name for node in graph.node if node.op_type in ("MatMulInteger", "ConvInteger")
             for name in (node.input[1], node.input[3])}
    for name in names:
        weight = numpy_helper.to_array(constants[name])
        assert weight.dtype == np.int8
        wide = (weight.astype(np.int16) + 128).astype(np.uint8)
        constants[name].CopyFrom(numpy_helper.from_array(wide, name))


def peer_session(onnxruntime, model):
    wide = onnx.ModelProto.FromString(model.SerializeToString())
    widen_weights(wide.graph)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(wide.SerializeToString(), options)


def assert_near(model, feeds, expected, tolerance):
    for optimize in (True, False):
        ours = convoy.InferenceSession(model.SerializeToString(), optimize=optimize)
        for a, b in zip(ours.run(None, feeds), expected, strict=True):
            assert a.shape == b.shape and b.any()
            assert np.abs(a - b).max() <= tolerance * np.abs(b).max(), f"optimize={optimize}"


@pytest.mark.parametrize("name", NETWORKS or ["none"])
def test_batches_agree_with_onnxruntime(name, is_full, onnxruntime_here):
    if not NETWORKS:
        pytest.skip(f"no exported networks: {FOLDER}, or the folder in CONVOY_NETWORKS")
    if not is_full:
        pytest.skip("exported networks run with CONVOY_TEST_FULL")
    tolerance = INT8_TOLERANCE if "int8" in name else TOLERANCE
    model = onnx.load(FOLDER / f"{name}.onnx")
    fill_zero_heads(model.graph)
    as_it_is = peer_session(onnxruntime_here, model)
    inputs = {value.name: value.shape for value in as_it_is.get_inputs()}
    rng = np.random.default_rng(len(name))
    feeds = {key: rng.standard_normal(shape).astype("f4") for key, shape in inputs.items()}
    assert_near(model, feeds, as_it_is.run(None, feeds), tolerance)
    open_batch(model.graph)
    for batch in (1, 2, 3):
        feeds = {key: rng.standard_normal([batch, *shape[1:]]).astype("f4")
                 for key, shape in inputs.items()}
        try:
            expected = peer_session(onnxruntime_here, model).run(None, feeds)
        except Exception as error:  # noqa: BLE001: of a type that each version names anew
            print(f"{name} keeps its batch: {error}")
            return
        assert_near(model, feeds, expected, tolerance)
