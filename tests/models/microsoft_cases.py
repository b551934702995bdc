"""Cases of operators of com.microsoft but attention, for comparisons with ONNX Runtime."""

import numpy as np

from one_node import Case

HALF = 3e-3  # of 16-bit floats that are rounded once an operator


class Maker:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.cases = []

    def floats(self, *shape):
        return self.rng.standard_normal(shape).astype(np.float32)

    def mask(self, *shape):
        mask = self.rng.integers(0, 2, shape).astype(np.int32)
        mask[..., 0] = 1
        return mask

    def add(self, name, op, inputs, attributes=None, outputs=1, **more):
        if isinstance(outputs, int):
            outputs = [f"output_{j}" for j in range(outputs)]
        self.cases.append(
            Case(f"{op}_{name}", op, inputs, attributes or {}, outputs, **more)
        )


def activations(make):
    f = make.floats
    for batch in (1, 3):
        x = f(batch, 5, 7)
        make.add(batch, "Gelu", [x])
        make.add(batch, "BiasGelu", [x, f(7)])
        make.add(batch, "FastGelu", [x, f(7)])
        make.add(f"{batch}_no_bias", "FastGelu", [x])
        make.add(batch, "QuickGelu", [x])
        make.add(f"{batch}_alpha", "QuickGelu", [x], {"alpha": 0.7})


def products(make):
    f = make.floats
    for turn_a in (0, 1):
        for turn_b in (0, 1):
            a, b = f(2, 3, 4, 5), f(2, 3, 5, 6)
            a = a.swapaxes(2, 3).copy() if turn_a else a
            b = b.swapaxes(2, 3).copy() if turn_b else b
            set_ = {"transA": turn_a, "transB": turn_b, "alpha": 0.5}
            make.add(f"{turn_a}{turn_b}", "FusedMatMul", [a, b], set_)
            make.add(f"{turn_a}{turn_b}", "TransposeMatMul", [a, b], set_)
            make.add(f"{turn_a}{turn_b}_double", "FusedMatMul", [np.float64(a), np.float64(b)],
                     set_, within=1e-12)
            gemm = [a[0, 0], b[0, 0], f(6)]
            for name in ("Relu", "LeakyRelu", "Tanh", "Elu", "HardSigmoid", "Softplus"):
                more = {"activation": name, "activation_alpha": 0.3, "activation_beta": 0.4}
                make.add(f"{turn_a}{turn_b}_{name}", "FusedGemm", gemm,
                         {**set_, "beta": 0.7, **more})
            a = np.moveaxis(f(2, 3, 4, 5), 2, 0).copy()  # rows before the batch axes
            a = np.moveaxis(f(2, 3, 4, 5), 3, 0).copy() if turn_a else a
            b = np.moveaxis(f(2, 3, 5, 6), 2, 0).copy()
            b = np.moveaxis(f(2, 3, 5, 6), 3, 0).copy() if turn_b else b
            make.add(f"{turn_a}{turn_b}_batch", "FusedMatMul", [a, b],
                     {"transA": turn_a, "transB": turn_b, "transBatchA": 1, "transBatchB": 1})
    make.add("no_C", "FusedGemm", [f(3, 4), f(4, 2)], {"activation": "Relu"})
    make.add("vector", "FusedMatMul", [f(5), f(5, 6)], {"transA": 1})
    make.add("broadcast", "FusedMatMul", [f(2, 3, 4, 5), f(6, 5)], {"transB": 1})


def convolutions(make):
    f = make.floats
    parameters = {"Relu": [], "Sigmoid": [], "Tanh": [], "LeakyRelu": [0.2], "Clip": [-0.5, 0.8],
                  "HardSigmoid": [0.3, 0.6], "HardSwish": []}
    for name, values in parameters.items():
        more = {"activation": name, **({"activation_params": values} if values else {})}
        make.add(name, "FusedConv", [f(2, 3, 6, 7), f(4, 3, 3, 3), f(4)], more)
    make.add("plain", "FusedConv", [f(2, 3, 6, 7), f(4, 3, 3, 3)])
    make.add("sum", "FusedConv", [f(2, 3, 6, 7), f(4, 3, 3, 3), f(4), f(2, 4, 4, 5)],
             {"activation": "Relu"})
    make.add("sum_no_bias", "FusedConv", [f(1, 3, 7), f(4, 3, 3), None, f(1, 4, 5)])
    make.add("group", "FusedConv", [f(3, 4, 6, 7), f(4, 2, 3, 2), f(4)],
             {"group": 2, "pads": [1, 0, 1, 1], "strides": [2, 1], "dilations": [1, 2],
              "activation": "Relu", "kernel_shape": [3, 2]})
    make.add("same", "FusedConv", [f(1, 2, 6, 7), f(4, 2, 3, 2)], {"auto_pad": "SAME_UPPER"})
    pads = np.array([1, 0, 2, 1])
    make.add("2d", "ConvTransposeWithDynamicPads", [f(2, 3, 4, 5), f(3, 2, 3, 3), pads, f(2)],
             {"strides": [2, 2]})
    make.add("1d", "ConvTransposeWithDynamicPads", [f(1, 3, 5), f(3, 2, 3), np.array([1, 0])],
             {"strides": [2], "output_padding": [1]})
    make.add("group", "ConvTransposeWithDynamicPads", [f(2, 4, 5), f(4, 1, 3), np.array([0, 2])],
             {"group": 2, "dilations": [2]})


def normalizations(make):
    f = make.floats
    for batch in (1, 2, 3):
        x, skip = f(batch, 4, 9), f(batch, 4, 9)
        gamma, beta, bias = f(9), f(9), f(9)
        make.add(batch, "SkipLayerNormalization", [x, skip, gamma, beta, bias],
                 outputs=["y", None, None, "sum"])
        make.add(f"{batch}_no_beta", "SkipLayerNormalization", [x, skip, gamma],
                 {"epsilon": 0.1})
        make.add(f"{batch}_bias_no_beta", "SkipLayerNormalization",
                 [x, skip[0], gamma, None, bias])
        make.add(batch, "SkipSimplifiedLayerNormalization", [x, skip, gamma, bias],
                 outputs=["y", None, None, "sum"])
        make.add(f"{batch}_no_bias", "SkipSimplifiedLayerNormalization", [x, skip[:1], gamma],
                 {"epsilon": 1e-3})
        ids = make.rng.integers(0, 7, (batch, 5)).astype(np.int32)
        tables = [f(7, 6), f(9, 6), f(2, 6), f(6), f(6)]
        embed = [ids, ids % 2, *tables]
        make.add(f"{batch}_mask", "EmbedLayerNormalization", [*embed, make.mask(batch, 5)],
                 outputs=3)
        make.add(f"{batch}_places", "EmbedLayerNormalization",
                 [*embed, None, (ids + 1) % 9], {"epsilon": 1e-3}, outputs=2)
        make.add(f"{batch}_words", "EmbedLayerNormalization",
                 [ids, None, *tables[:2], None, *tables[3:]], outputs=["y", None, "sum"])
    make.add("half", "SkipLayerNormalization",
             [f(2, 3, 8).astype(np.float16) for _ in range(2)]
             + [f(8).astype(np.float16) for _ in range(2)], within=HALF)


def twins(make):
    f = make.floats
    for upper in (0, 1):
        make.add(upper, "Trilu", [f(2, 3, 4)], {"upper": upper})
        make.add(f"{upper}_k", "Trilu", [f(4, 3), np.array(-1)], {"upper": upper})
    make.add("all", "Unique", [np.array([2, 1, 1, 3, 4, 3], np.float32)], outputs=3)
    make.add("int32", "GatherND", [f(2, 3, 4), np.array([[0, 1], [1, -2]], np.int32)])
    make.add("int64", "GatherND", [f(2, 3, 4), np.array([[0], [1], [1]])])
    make.add("value", "Pad", [f(2, 3), np.array([0, 1, 0, 1]), np.array([1.5], np.float32)])
    make.add("matrix", "Pad", [f(2, 3), np.array([[0, -1, 0, 1]])], {"mode": "reflect"})
    make.add("edge", "Pad", [f(2, 3), np.array([1, 0, 0, 2])], {"mode": "edge"})
    make.add("two", "Range", [np.array([1], np.int32), np.array(5, np.int32)])
    make.add("three", "Range", [np.float32(1), np.array([5], np.float32), np.float32(0.7)])
    for axis in (0, 1, -1, -3):
        make.add(str(axis).replace("-", "minus_"), "ExpandDims", [f(2, 3), np.int32(axis)])
    for mode in ("bilinear", "nearest", "bicubic"):
        make.add(mode, "GridSample", [f(2, 3, 5, 4), f(2, 3, 2, 2)],
                 {"mode": mode, "padding_mode": "border", "align_corners": 1})
    make.add("it", "SampleOp", [f(2, 3)])
    make.add("last", "UnfoldTensor", [f(2, 7)], {"size": 3, "step": 2})
    make.add("first", "UnfoldTensor", [f(5, 2, 3)], {"size": 2, "dim": 0})


def small_kernels(make):
    f = make.floats
    make.add("one", "Inverse", [f(3, 3)], within=1e-4)
    make.add("many", "Inverse", [f(2, 2, 4, 4)], within=1e-4)
    make.add("double", "Inverse", [f(3, 5, 5).astype(np.float64)], within=1e-9)
    make.add("half", "Inverse", [f(3, 3).astype(np.float16)], within=2e-2)
    for metric in ("sqeuclidean", "euclidean"):
        make.add(metric, "CDist", [f(3, 19), f(5, 19)], {"metric": metric})
        make.add(metric + "_double", "CDist", [np.float64(f(3, 4)), np.float64(f(2, 4))],
                 {"metric": metric}, within=1e-12)
    boxes = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.9, 1.3], [0.8, 0.7, 0.2, 0.3]], np.float32)
    for mode in ("bilinear", "nearest"):
        for size in ((3, 2), (1, 4)):
            make.add(f"{mode}_{size[0]}", "CropAndResize",
                     [f(2, 3, 5, 6), boxes, np.array([0, 1, 1], np.int32),
                      np.array(size, np.int32)], {"mode": mode, "extrapolation_value": 7.0})
    for dtype in ("int32", "uint32", "int64", "uint64", "float32", "float64"):
        for positive in (0, 1):
            make.add(f"{dtype}_{positive}", "MurmurHash3", [np.array([[1, 2], [3, 77]], dtype)],
                     {"positive": positive, "seed": 7})
    words = np.array([[1, 2, 3, 0], [2, 1, 0, 0], [4, 0, 0, 0], [0, 0, 0, 0], [1, 2, 0, 3]])
    make.add("it", "WordConvEmbedding",
             [words.astype(np.int32), f(4, 1, 2, 3), f(4), f(5, 3)],
             valid={"output_0": words[:, 0] != 0})  # ONNX Runtime does not write the others
    make.add("2d", "MaxpoolWithMask", [f(1, 3, 5, 6), make.mask(1, 1, 5, 6)],
             {"kernel_shape": [2, 3], "strides": [1, 2], "pads": [0, 1, 1, 0]})
    make.add("1d", "MaxpoolWithMask", [f(1, 1, 9), make.mask(1, 1, 9)], {"kernel_shape": [3]})
    make.add("strings", "MurmurHash3", [np.array(["", "a", "abc", "abcd", "abcdefg"], object)])


def tokenizers(make):
    words = ["Hello World", "", "I love  sciénce !", "a,b;,c"]
    modes = {
        "spaces": {"separators": [" "]},
        "several": {"separators": [" +", ",", ";"]},
        "characters": {"separators": [""]},
        "any": {"tokenexp": "."},
        "words": {"tokenexp": "[a-zA-Z]+|[a-z]"},
        "empty": {"tokenexp": "l*"},
        "empty_separator": {"separators": ["l*"]},
        "begin": {"separators": ["^H"]},
        "bounds": {"tokenexp": "\\b\\w\\w+\\b"},
    }
    for name, mode in modes.items():
        for mark in (0, 1):
            set_ = {"mincharnum": 1, "mark": mark, "pad_value": "#", **mode}
            make.add(f"{name}_{mark}", "Tokenizer", [np.array(words, object)], set_)
            make.add(f"{name}_{mark}_rows", "Tokenizer",
                     [np.array(words, object).reshape(2, 2)], set_)
    set_ = {"mincharnum": 3, "mark": 1, "pad_value": "#", "separators": [" "]}
    make.add("long", "Tokenizer", [np.array(words, object)], set_)
    make.add("nothing", "Tokenizer", [np.array(["", " "], object)], set_)
    for shape in ((0,), (2, 0), (0, 2)):
        make.add(f"shape_{len(shape)}{shape[0]}", "Tokenizer", [np.zeros(shape, object)], set_)


def rotary(make):
    f = make.floats
    for interleaved in (0, 1):
        set_ = {"interleaved": interleaved}
        cos, sin = f(12, 4), f(12, 4)
        places = make.rng.integers(0, 12, (2, 3))
        make.add(f"rows_{interleaved}", "RotaryEmbedding", [f(2, 3, 16), places, cos, sin], set_)
        make.add(f"heads_{interleaved}", "RotaryEmbedding", [f(2, 2, 3, 8), places, cos, sin],
                 set_)
        make.add(f"one_{interleaved}", "RotaryEmbedding",
                 [f(2, 3, 16), np.array([5]), cos, sin], set_)
        make.add(f"part_{interleaved}", "RotaryEmbedding",
                 [f(2, 3, 30), places, cos, sin],
                 {**set_, "num_heads": 3, "rotary_embedding_dim": 8})
        make.add(f"half_{interleaved}", "RotaryEmbedding",
                 [x.astype(np.float16) if x.dtype == np.float32 else x
                  for x in (f(2, 3, 16), places, cos, sin)], set_, within=HALF)


def simple_cases():
    make = Maker(1)
    for family in (activations, products, convolutions, normalizations, twins, small_kernels,
                   tokenizers, rotary):
        family(make)
    return make.cases
