"""The models of the scripts, written to a folder. Needs onnx."""

import json

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as H
from onnx import numpy_helper

FLOAT, INT64 = T.FLOAT, T.INT64


def tensor(name, dtype, shape):
    return H.make_tensor_value_info(name, dtype, shape)


def other(name, type_proto):
    return H.make_value_info(name, type_proto)


def model(nodes, inputs, outputs, weights=None, opset=17, ir=9):
    graph = H.make_graph(
        nodes, "g", inputs, outputs,
        [numpy_helper.from_array(np.asarray(value), name)
         for name, value in (weights or {}).items()])
    return H.make_model(graph, opset_imports=[H.make_opsetid("", opset)], ir_version=ir)


def identity(dtype, shape):
    return model([H.make_node("Identity", ["x"], ["y"])], [tensor("x", dtype, shape)],
                 [tensor("y", dtype, shape)])


def described():
    made = model([H.make_node("Relu", ["x"], ["y"])], [tensor("x", FLOAT, ["n", 3])],
                 [tensor("y", FLOAT, ["n", 3])])
    made.producer_name, made.domain, made.doc_string = "maker", "some.where", "what it is"
    made.model_version = 7
    made.graph.name, made.graph.doc_string = "relu_graph", "what the graph is"
    for key, value in (("rate", "16000"), ("words", "a b c"), ("empty", ""), ("ü", "é ∑")):
        entry = made.metadata_props.add()
        entry.key, entry.value = key, value
    return made


def version_zero():
    made = identity(FLOAT, ["n"])
    made.model_version = 0
    return made


def untyped_output():
    """As of a value that was made an output to look at it."""
    nodes = [H.make_node("Relu", ["x"], ["a"]), H.make_node("Neg", ["a"], ["y"])]
    made = model(nodes, [tensor("x", FLOAT, ["n", 3])], [tensor("y", FLOAT, ["n", 3])])
    made.graph.output.append(onnx.ValueInfoProto(name="a"))
    return made


def random_numbers():
    """Two draws without seeds."""
    nodes = [H.make_node("RandomNormalLike", ["x"], [name]) for name in ("y", "z")]
    return model(nodes, [tensor("x", FLOAT, ["n"])],
                 [tensor("y", FLOAT, ["n"]), tensor("z", FLOAT, ["n"])])


def two_outputs():
    nodes = [H.make_node("NonZero", ["x"], ["i"]), H.make_node("Relu", ["x"], ["y"])]
    return model(nodes, [tensor("x", FLOAT, ["n", 4])],
                 [tensor("y", FLOAT, ["n", 4]), tensor("i", INT64, [2, "k"])])


def with_defaults():
    nodes = [H.make_node("MatMul", ["x", "w"], ["a"]), H.make_node("Add", ["a", "b"], ["y"])]
    return model(nodes, [tensor("x", FLOAT, ["n", 2]), tensor("w", FLOAT, [2, 2]),
                         tensor("b", FLOAT, [2])], [tensor("y", FLOAT, None)],
                 {"w": np.ones((2, 2), "f4"), "b": np.array([1, 2], "f4")})


def sizes_inferred():
    nodes = [H.make_node("Flatten", ["x"], ["f"], axis=1),
             H.make_node("MatMul", ["f", "w"], ["y"]),
             H.make_node("Transpose", ["x"], ["t"], perm=[1, 2, 0]),
             H.make_node("Shape", ["x"], ["s"])]
    return model(nodes, [tensor("x", FLOAT, ["batch", 2, 3])],
                 [tensor("y", FLOAT, None), tensor("t", FLOAT, [None, None, None]),
                  tensor("s", INT64, None)], {"w": np.ones((6, 5), "f4")})


def quantized():
    """8-bit weights; of 7 bits, as sums of two products saturate in some of the peer's kernels."""
    rng = np.random.default_rng(0)
    nodes = [
        H.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        H.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        H.make_node("DequantizeLinear", ["wq", "ws", "wz"], ["w"]),
        H.make_node("MatMul", ["d", "w"], ["y"]),
    ]
    weights = {"s": np.float32(0.05), "z": np.uint8(128), "ws": np.float32(0.02),
               "wz": np.int8(0), "wq": rng.integers(-63, 64, (8, 4)).astype("i1")}
    return model(nodes, [tensor("x", FLOAT, ["n", 8])], [tensor("y", FLOAT, ["n", 4])], weights)


def integer_matmul():
    nodes = [H.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
             H.make_node("MatMulInteger", ["q", "w", "z"], ["i"]),
             H.make_node("Cast", ["i"], ["f"], to=FLOAT), H.make_node("Mul", ["f", "s"], ["y"])]
    weights = {"w": np.arange(-16, 16).astype("i1").reshape(8, 4)}
    return model(nodes, [tensor("x", FLOAT, ["n", 8])], [tensor("y", FLOAT, ["n", 4])], weights)


def endless_loop():
    """A loop of 2^40 rounds."""
    body = H.make_graph(
        [H.make_node("Identity", ["c"], ["c_out"]), H.make_node("Add", ["v", "one"], ["v_out"])],
        "body", [tensor("i", INT64, []), tensor("c", T.BOOL, []), tensor("v", FLOAT, [1])],
        [tensor("c_out", T.BOOL, []), tensor("v_out", FLOAT, [1])],
        [numpy_helper.from_array(np.ones(1, "f4"), "one")])
    nodes = [H.make_node("Loop", ["count", "", "x"], ["y"], body=body)]
    return model(nodes, [tensor("x", FLOAT, [1])], [tensor("y", FLOAT, [1])],
                 {"count": np.int64(2**40)})


def sequence_type(dtype, shape=None):
    return H.make_sequence_type_proto(H.make_tensor_type_proto(dtype, shape))


def passed_through():
    """An input that is an output too."""
    return model([H.make_node("Add", ["x", "ten"], ["y"])], [tensor("x", FLOAT, [2])],
                 [tensor("y", FLOAT, [2]), tensor("x", FLOAT, [2])], {"ten": np.float32(10)})


def named_nodes():
    nodes = [H.make_node("Add", ["x", "x"], ["a"], name="first"),
             H.make_node("Mul", ["a", "x"], ["b"], name="second"),
             H.make_node("Softmax", ["b"], ["y"], name="third", axis=-1)]
    return model(nodes, [tensor("x", FLOAT, ["n", 3])], [tensor("y", FLOAT, ["n", 3])])


def optional_sequence():
    kind = H.make_optional_type_proto(sequence_type(FLOAT))
    return model([H.make_node("Identity", ["x"], ["y"])], [other("x", kind)], [other("y", kind)],
                 opset=16)


ML = "ai.onnx.ml"


def map_type(key):
    return H.make_map_type_proto(key, H.make_tensor_type_proto(FLOAT, []))


def of_maps(nodes, inputs, outputs):
    made = model(nodes, inputs, outputs)
    made.opset_import.append(H.make_opsetid(ML, 3))
    return made


def map_models():
    def zipped(key, **labels):
        return of_maps([H.make_node("ZipMap", ["x"], ["y"], domain=ML, **labels)],
                       [tensor("x", FLOAT, ["n", 3])],
                       [other("y", H.make_sequence_type_proto(map_type(key)))])

    words = of_maps([H.make_node("DictVectorizer", ["x"], ["y"], domain=ML,
                                 string_vocabulary=["a", "b", "c"])],
                    [other("x", map_type(T.STRING))], [tensor("y", FLOAT, [1, 3])])
    return {"zip_numbers": zipped(INT64, classlabels_int64s=[4, -5, 6]),
            "zip_words": zipped(T.STRING, classlabels_strings=["a", "b", "ü"]),
            "from_words": words}


def configured():
    """Has options of sessions among its metadata."""
    made = identity(FLOAT, ["n"])
    entry = made.metadata_props.add()
    entry.key = "ort_config"
    entry.value = json.dumps({"session_options": {
        "inter_op_num_threads": 5, "intra_op_num_threads": 2, "execution_mode": 1,
        "graph_optimization_level": 1, "enable_profiling": 0}})
    return made


def bad_models():
    unknown = model([H.make_node("Frobnicate", ["x"], ["y"])], [tensor("x", FLOAT, [2])],
                    [tensor("y", FLOAT, [2])])
    foreign = model([H.make_node("Frobnicate", ["x"], ["y"], domain="some.where")],
                    [tensor("x", FLOAT, [2])], [tensor("y", FLOAT, [2])])
    foreign.opset_import.append(H.make_opsetid("some.where", 1))
    return {
        "unknown_operator": unknown,
        "unknown_domain": foreign,
        "dangling": model([H.make_node("Relu", ["nothing"], ["y"])], [tensor("x", FLOAT, [2])],
                          [tensor("y", FLOAT, [2])]),
        "unknown_attribute": model([H.make_node("Relu", ["x"], ["y"], slope=1.0)],
                                   [tensor("x", FLOAT, [2])], [tensor("y", FLOAT, [2])]),
        "future_opset": model([H.make_node("Relu", ["x"], ["y"])], [tensor("x", FLOAT, [2])],
                              [tensor("y", FLOAT, [2])], opset=99),
        "future_ir": model([H.make_node("Relu", ["x"], ["y"])], [tensor("x", FLOAT, [2])],
                           [tensor("y", FLOAT, [2])], ir=99),
        "no_graph": onnx.ModelProto(ir_version=8),
    }


def all_models():
    reshape = model([H.make_node("Reshape", ["x", "s"], ["y"])],
                    [tensor("x", FLOAT, ["n"]), tensor("s", INT64, [2])],
                    [tensor("y", FLOAT, None)])
    gather = model([H.make_node("Gather", ["x", "i"], ["y"])],
                   [tensor("x", FLOAT, ["n"]), tensor("i", INT64, ["k"])],
                   [tensor("y", FLOAT, None)])
    construct = model([H.make_node("SequenceConstruct", ["x", "x"], ["y"])],
                      [tensor("x", FLOAT, ["n", 3])], [other("y", sequence_type(FLOAT))])
    at = model([H.make_node("SequenceAt", ["x", "i"], ["y"])],
               [other("x", sequence_type(INT64)), tensor("i", INT64, [])],
               [tensor("y", INT64, None)])
    insert = model([H.make_node("SequenceInsert", ["x", "t", "i"], ["y"])],
                   [other("x", sequence_type(INT64)), tensor("t", INT64, ["k"]),
                    tensor("i", INT64, [])], [other("y", sequence_type(INT64))])
    length = model([H.make_node("SequenceLength", ["x"], ["y"])],
                   [other("x", sequence_type(FLOAT))], [tensor("y", INT64, [])])
    optional = H.make_optional_type_proto(H.make_tensor_type_proto(FLOAT, [2]))
    has = model([H.make_node("OptionalHasElement", ["x"], ["y"])], [other("x", optional)],
                [tensor("y", T.BOOL, [])], opset=18)
    denoted = identity(FLOAT, ["n", 3])
    denoted.graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    mul = model([H.make_node("Mul", ["x", "w"], ["y"], name="times")], [tensor("x", FLOAT, [3, 2])],
                [tensor("y", FLOAT, [3, 2])],
                {"w": np.arange(1, 7, dtype="f4").reshape(3, 2)})
    return {
        "described": described(), "two_outputs": two_outputs(), "with_defaults": with_defaults(),
        "sizes_inferred": sizes_inferred(), "quantized": quantized(),
        "integer_matmul": integer_matmul(), "endless_loop": endless_loop(), "reshape": reshape,
        "gather": gather, "construct": construct, "at": at, "insert": insert, "length": length,
        "has": has, "denoted": denoted, "mul": mul,
        "version_zero": version_zero(), "untyped_output": untyped_output(),
        "random_numbers": random_numbers(),
        "configured": configured(), "passed_through": passed_through(),
        "named_nodes": named_nodes(), "optional_sequence": optional_sequence(),
        "scalar": identity(FLOAT, []), "vector": identity(FLOAT, ["n"]),
        "integers": identity(INT64, ["n"]), "booleans": identity(T.BOOL, [2]),
        "strings": identity(T.STRING, ["n"]), "matrix_of_strings": identity(T.STRING, [2, 2]),
        "unranked": identity(FLOAT, None), "half_known": identity(FLOAT, [None, "a", 3]),
        "bfloat16": identity(T.BFLOAT16, [2]), "doubles": identity(T.DOUBLE, [2]),
        "halves": identity(T.FLOAT16, [2]),
        **bad_models(), **map_models(),
    }


def write_models(folder):
    """Each as FILE.onnx; "external" keeps its weights in a file beside it."""
    for name, made in all_models().items():
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString())
    onnx.save(all_models()["mul"], folder / "external.onnx", save_as_external_data=True,
              location="external.bin", size_threshold=0)
    (folder / "no_protobuf.onnx").write_bytes(b"this is no model")
    (folder / "empty.onnx").write_bytes(b"")
