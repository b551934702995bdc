"""Classifiers with labels of text, rewritten and as they are in the file."""

import numpy as np
import pytest
from onnx import TensorProto, helper

import convoy

LABELS = ["none", "ä", "yes"]
TREES = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [1, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_values": [0.5, 0.0, 0.0],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
    "class_treeids": [0, 0],
    "class_nodeids": [1, 2],
    "class_ids": [1, 2],
    "class_weights": [1.0, 1.0],
}
VECTORS = {
    "coefficients": [1.0, -0.5, -0.3, 0.3, 0.2, -0.4],
    "support_vectors": [0, 1, 1, 1, 0.2, 0.3],
    "vectors_per_class": [1, 1, 1],
    "rho": [0.1, 0.0, -0.1],
    "kernel_type": "POLY",
    "kernel_params": [0.5, 0.1, 3.0],
}
LINES = {"coefficients": [1.0, -3, 0.2, 0.4, 0.5, 0.1], "intercepts": [0.1, 0, 0.2]}
# What onnxruntime answers for the rows below.
CASES = {
    "TreeEnsembleClassifier": (TREES, ["ä", "ä"]),
    "SVMClassifier": (VECTORS, ["yes", "ä"]),
    "LinearClassifier": (LINES, ["none", "yes"]),
}


@pytest.mark.parametrize("op", CASES)
def test_text_labels_are_the_same_rewritten(op):
    attributes, expected = CASES[op]
    node = helper.make_node(op, ["x"], ["label", "scores"], domain="ai.onnx.ml",
                            classlabels_strings=LABELS, **attributes)
    graph = helper.make_graph(
        [node],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", None])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    x = np.array([[0.3, 0], [1, 0.5]], "float32")
    rewritten = convoy.InferenceSession(model)
    assert "separate_string_labels" in rewritten._session.report()
    plain = convoy.InferenceSession(model, optimize=False)
    for session in (rewritten, plain):
        labels, scores = session.run(None, {"x": x})
        assert labels.tolist() == expected
        assert scores.dtype == np.float32 and scores.shape == (2, 3)
        np.testing.assert_array_equal(scores, plain.run(["scores"], {"x": x})[0])
    assert rewritten.run(["label"], {"x": x[:1]})[0].tolist() == expected[:1]
