"""The cases of test_microsoft_operators.py."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

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


def packed_attention(make):
    f = make.floats
    for batch, rows, heads, size in ((1, 4, 2, 3), (2, 5, 3, 8), (3, 67, 2, 16), (2, 1, 4, 8)):
        width, name = heads * size, f"{batch}x{rows}"
        base = [f(batch, rows, 7), f(7, 3 * width), f(3 * width)]
        set_ = {"num_heads": heads}
        make.add(name, "Attention", base, set_)
        make.add(f"{name}_causal", "Attention", base, {**set_, "unidirectional": 1})
        make.add(f"{name}_no_bias", "Attention", base[:2], {**set_, "scale": 0.3})
        ends = make.rng.integers(1, rows + 1, batch).astype(np.int32)
        masks = {
            "ends": ends,
            "ranges": np.concatenate([ends, ends // 2]),
            "lengths": np.concatenate([ends, np.arange(2 * batch + 2, dtype=np.int32)]),
            "keys": make.mask(batch, rows),
            "queries": make.mask(batch, rows, rows),
        }
        for kind, mask in masks.items():
            for causal in (0, 1):
                make.add(f"{name}_{kind}_{causal}", "Attention", [*base, mask],
                         {**set_, "unidirectional": causal, "mask_filter_value": -3.0})
        for shape in sorted({(batch, heads), (1, heads), (batch, 1), (1, 1)}):
            make.add(f"{name}_bias_{shape[0]}{shape[1]}", "Attention",
                     [*base, masks["keys"], None, f(*shape, rows, rows)], set_)
        for past_rows in (0, 3):
            past = f(2, batch, heads, past_rows, size)
            make.add(f"{name}_past_{past_rows}", "Attention",
                     [*base, make.mask(batch, past_rows + rows), past],
                     {**set_, "unidirectional": 1}, outputs=2)
        make.add(f"{name}_present", "Attention", base, set_, outputs=2)
        uneven = [f(batch, rows, 7), f(7, 2 * width + 2 * heads), f(2 * width + 2 * heads)]
        make.add(f"{name}_uneven", "Attention", uneven,
                 {**set_, "qkv_hidden_sizes": [width, width, 2 * heads]})


def multi_head_attention(make):
    f = make.floats
    for batch, rows, keys, heads, size in ((1, 4, 6, 2, 3), (2, 5, 5, 3, 8), (3, 66, 70, 2, 16),
                                           (2, 1, 9, 4, 8)):
        width, name = heads * size, f"{batch}x{rows}x{keys}"
        q, k, v = f(batch, rows, width), f(batch, keys, width), f(batch, keys, 2 * heads)
        bias = f(2 * width + 2 * heads)
        set_ = {"num_heads": heads}
        make.add(name, "MultiHeadAttention", [q, k, v], set_)
        make.add(f"{name}_bias", "MultiHeadAttention", [q, k, v, bias], {**set_, "scale": 0.4})
        make.add(f"{name}_present", "MultiHeadAttention", [q, k, v, bias], set_, outputs=3)
        ends = make.rng.integers(1, keys + 1, batch).astype(np.int32)
        masks = {
            "ends": ends,
            "lengths": np.concatenate([ends, np.arange(2 * batch + 2, dtype=np.int32)]),
            "keys": make.mask(batch, keys),
            "queries": make.mask(batch, rows, keys),
        }
        for kind, mask in masks.items():
            make.add(f"{name}_{kind}", "MultiHeadAttention", [q, k, v, None, mask],
                     {**set_, "mask_filter_value": -3.0})
        make.add(f"{name}_scores", "MultiHeadAttention",
                 [q, k, v, bias, masks["keys"], f(1, heads, rows, keys)], set_)
        make.add(f"{name}_scores_1", "MultiHeadAttention",
                 [q, k, v, None, None, f(batch, 1, rows, keys)], set_)
        cache = [f(batch, heads, keys, size), f(batch, heads, keys, size)]
        make.add(f"{name}_cache", "MultiHeadAttention", [q, *cache], set_)
        make.add(f"{name}_cache_bias", "MultiHeadAttention", [q, *cache, f(3 * width)], set_)
        new = [f(batch, rows, width) for _ in range(3)]
        for causal in (0, 1):
            causal_ = {**set_, "unidirectional": causal}
            make.add(f"{name}_causal_{causal}", "MultiHeadAttention", new, causal_)
            past = [f(batch, heads, 3, size), f(batch, heads, 3, size)]
            make.add(f"{name}_past_{causal}", "MultiHeadAttention",
                     [*new, f(3 * width), make.mask(batch, rows + 3), None, *past], causal_,
                     outputs=3)
        room = [f(batch, heads, rows + 8, size), f(batch, heads, rows + 8, size)]
        valid = (slice(None), slice(None), slice(0, rows + 3))
        make.add(f"{name}_room", "MultiHeadAttention",
                 [*new, None, None, None, *room, np.array([3], np.int32)], set_, outputs=3,
                 valid={"output_1": valid, "output_2": valid})


def decoder_attention(make):
    f = make.floats
    for batch, heads, size, room, past in ((1, 2, 4, 9, 3), (3, 3, 8, 40, 30), (2, 1, 16, 5, 0)):
        width, name, set_ = heads * size, str(batch), {"num_heads": heads}
        q, k, v = (f(batch, 1, width) for _ in range(3))
        caches = [f(batch, heads, room, size) for _ in range(2)]
        length = np.array([past], np.int32)
        shared = {**set_, "past_present_share_buffer": 1, "mask_filter_value": -2.0}
        valid = (slice(None), slice(None), slice(0, past + 1))
        more = {"outputs": 3, "valid": {"output_1": valid, "output_2": valid}}
        op = "DecoderMaskedMultiHeadAttention"
        make.add(name, op, [q, k, v, None, None, *caches, length], shared, **more)
        make.add(f"{name}_all", op,
                 [q, k, v, make.mask(batch, past + 1), f(1, heads, 1, past + 1), *caches, length,
                  np.array([1], np.int32), None, f(3 * width)], shared, **more)
        make.add(f"{name}_cross", op, [q, *caches], set_)
        make.add(f"{name}_cross_bias", op, [q, *caches, *[None] * 7, f(3 * width)], set_)


def group_query_attention(make):
    f = make.floats

    def add(name, batch, rows, heads, kv_heads, size, past=0, room=None, lengths=None, extra=(),
            **attributes):
        q = f(batch, rows, heads * size)
        k, v = f(batch, rows, kv_heads * size), f(batch, rows, kv_heads * size)
        total = past + rows
        lengths = lengths or [total] * batch
        cache = [None, None]
        if past or room:
            cache = [f(batch, kv_heads, room or past, size) for _ in range(2)]
        filled = np.zeros((batch, kv_heads, max(room or past, total), size), bool)
        valid_y = np.zeros((batch, rows, heads * size), bool)
        for b, length in enumerate(lengths):
            filled[b, :, :length] = True
            valid_y[b, : length if not past else rows] = True
        packed = attributes.pop("packed", False)
        operands = [np.concatenate([q, k, v], 2), None, None] if packed else [q, k, v]
        make.add(name, "GroupQueryAttention",
                 [*operands, *cache, np.array(lengths, np.int32) - 1, np.int32(total), *extra],
                 {"num_heads": heads, "kv_num_heads": kv_heads, **attributes}, outputs=3,
                 valid={"output_0": valid_y, "output_1": filled, "output_2": filled})

    for heads, kv_heads in ((4, 2), (3, 3), (6, 1)):
        name = f"{heads}_{kv_heads}"
        add(f"prompt_{name}", 2, 5, heads, kv_heads, 8)
        add(f"long_{name}", 2, 70, heads, kv_heads, 8)
        add(f"packed_{name}", 3, 5, heads, kv_heads, 8, packed=True)
        add(f"ragged_{name}", 2, 5, heads, kv_heads, 8, lengths=[5, 2])
        add(f"room_{name}", 2, 5, heads, kv_heads, 8, room=9)
        add(f"more_{name}", 1, 4, heads, kv_heads, 8, past=3)
        add(f"step_{name}", 3, 1, heads, kv_heads, 8, past=4, lengths=[5, 2, 4])
        add(f"step_room_{name}", 3, 1, heads, kv_heads, 8, past=4, room=9, lengths=[5, 2, 4])
        for window in (1, 3):
            add(f"window_{window}_{name}", 2, 9, heads, kv_heads, 8, local_window_size=window)
            add(f"step_window_{window}_{name}", 2, 1, heads, kv_heads, 8, past=6,
                local_window_size=window)
        add(f"cap_{name}", 2, 5, heads, kv_heads, 8, softcap=0.6, scale=0.9)
        add(f"smooth_{name}", 2, 5, heads, kv_heads, 8, smooth_softmax=1)
        add(f"sinks_{name}", 2, 5, heads, kv_heads, 8, local_window_size=2,
            extra=[None, None, None, None, f(heads)])
        add(f"bias_{name}", 2, 5, heads, kv_heads, 8, softcap=0.5,
            extra=[None, None, None, f(2, 1, 5, 5)])
        for interleaved in (0, 1):
            turn = {"do_rotary": 1, "rotary_interleaved": interleaved}
            tables = [f(12, 8), f(12, 8)]
            add(f"rotary_{interleaved}_{name}", 2, 5, heads, kv_heads, 16, extra=tables, **turn)
            add(f"step_rotary_{interleaved}_{name}", 3, 1, heads, kv_heads, 16, past=4,
                lengths=[5, 2, 4], extra=tables, **turn)
            add(f"packed_rotary_{interleaved}_{name}", 1, 5, heads, kv_heads, 16, past=4,
                packed=True, extra=tables, **turn)
        add(f"places_{name}", 2, 1, heads, kv_heads, 16, past=4,
            extra=[f(12, 8), f(12, 8), np.array([[3], [7]])], do_rotary=1)


VOCABULARY = 11


def decoder(seed):
    """A network like GPT-2 with one layer, 8 columns and 2 heads, as a body."""
    rng = np.random.default_rng(seed)

    def weight(name, *shape):
        values = (1.5 * rng.standard_normal(shape)).astype(np.float32)
        return numpy_helper.from_array(values, name)

    weights = [weight("words", VOCABULARY, 8), weight("places", 64, 8), weight("qkv", 8, 24),
               weight("bias", 24), weight("head", 8, VOCABULARY)]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["e0"]),
        helper.make_node("Gather", ["places", "position_ids"], ["e1"]),
        helper.make_node("Add", ["e0", "e1"], ["e"]),
        helper.make_node("Attention", ["e", "qkv", "bias", "attention_mask", "past_0"],
                         ["a", "present_0"], domain="com.microsoft", num_heads=2,
                         unidirectional=1),
        helper.make_node("Add", ["a", "e"], ["x"]),
        helper.make_node("MatMul", ["x", "head"], ["logits"]),
    ]

    def value(name, dtype, *shape):
        return helper.make_tensor_value_info(name, dtype, shape)

    whole, real = TensorProto.INT32, TensorProto.FLOAT
    inputs = [value("input_ids", whole, "b", "s"), value("position_ids", whole, "b", "s"),
              value("attention_mask", whole, "b", "t"), value("past_0", real, 2, "b", 2, "p", 4)]
    outputs = [value("logits", real, "b", "s", VOCABULARY),
               value("present_0", real, 2, "b", 2, "t", 4)]
    return helper.make_graph(nodes, "decoder", inputs, outputs, weights)


def searches(make):
    rng = make.rng

    def maybe(value):
        return value if rng.random() < 0.5 else None

    def one(value, dtype=np.int32):
        return np.array([value], dtype)

    for seed in range(24):
        batch, rows = int(rng.integers(1, 4)), int(rng.integers(1, 5))
        most = rows + int(rng.integers(1, 8))
        prompt = rng.integers(0, VOCABULARY, (batch, rows)).astype(np.int32)
        words, first = make.mask(VOCABULARY), make.mask(batch, VOCABULARY)
        words[:6] = 1
        first[:, 4:8] = 1
        more = [maybe(one(rng.uniform(0.5, 2), np.float32)), maybe(words), maybe(first),
                maybe(np.ones((batch, rows), np.int32))]
        set_ = {"decoder": decoder(seed), "model_type": 0, "pad_token_id": seed % VOCABULARY,
                "no_repeat_ngram_size": seed % 4}
        least = maybe(one(rng.integers(0, most)))
        # No token ends these: ONNX Runtime leaves what follows the end of the last row undefined.
        make.add(seed, "GreedySearch", [prompt, one(most), least, *more],
                 {**set_, "eos_token_id": VOCABULARY})
        beams = int(rng.integers(1, 5))
        make.add(seed, "BeamSearch",
                 [prompt, one(most), one(rng.integers(0, most)), one(beams),
                  one(rng.integers(1, beams + 1)),
                  one(rng.uniform(0.3, 2), np.float32), *more],
                 {**set_, "eos_token_id": int(rng.integers(0, VOCABULARY)),
                  "early_stopping": seed // 2 % 2}, outputs=1 + seed % 2, within=2e-3)


def attention_cases():
    make = Maker(2)
    packed_attention(make)
    multi_head_attention(make)
    decoder_attention(make)
    group_query_attention(make)
    searches(make)
    return make.cases


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    from math import erf as one

    return np.vectorize(one)(x.astype(np.float64)).astype(np.float32)


def gelu(x):
    return x * 0.5 * (1 + erf(x / np.sqrt(np.float32(2))))


def attend(q, k, v):
    """[batch, heads, rows, size] to [batch, rows, heads * size]."""
    scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[3])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    result = weights / weights.sum(-1, keepdims=True) @ v
    return result.swapaxes(1, 2).reshape(q.shape[0], q.shape[2], -1).astype(np.float32)


def group_norm(x, gamma, beta, groups, epsilon, silu):
    """x [batch, ..., channels]."""
    n, c = x.shape[0], x.shape[-1]
    y = x.reshape(n, -1, groups, c // groups)
    mean, var = y.mean((1, 3), keepdims=True), y.var((1, 3), keepdims=True)
    y = ((y - mean) / np.sqrt(var + epsilon)).reshape(x.shape) * gamma + beta
    return y * sigmoid(y) if silu else y


def convolve_last(x, w, b):
    """Channels last, no padding."""
    height, width = x.shape[1] - w.shape[2] + 1, x.shape[2] - w.shape[3] + 1
    y = np.zeros((x.shape[0], height, width, w.shape[0]), np.float32)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            y += x[:, i : i + height, j : j + width] @ w[:, :, i, j].T
    return y + b


def relative_bias(table, queries, keys, most, both_ways):
    """As in the T5 paper; table [heads, buckets]."""
    result = np.zeros((1, table.shape[0], queries, keys), np.float32)
    for i in range(queries):
        for j in range(keys):
            count, first, distance = table.shape[1], 0, i - j
            if both_ways:
                count //= 2
                first, distance = (count if distance < 0 else 0), abs(distance)
            distance, exact = max(distance, 0), count // 2
            if distance >= exact:
                far = np.log(distance / exact) / np.log(most / exact) * (count - exact)
                distance = min(exact + int(far), count - 1)
            result[0, :, i, j] = table[:, first + distance]
    return result


def cases_by_definition():
    make = Maker(3)
    f = make.floats
    expected = []

    def add(name, op, inputs, attributes, *results):
        make.add(name, op, inputs, attributes, outputs=len(results))
        expected.append({f"output_{j}": np.asarray(r) for j, r in enumerate(results)})

    x, bias, skip = f(2, 5, 8), f(8), f(2, 5, 8)
    add("it", "BiasAdd", [x, bias, skip], {}, x + bias + skip)
    left, right = np.split(x + bias, 2, -1)
    add("it", "BiasSplitGelu", [x, bias], {}, left * gelu(right))
    images, gamma, beta = f(2, 3, 4, 8), f(8), f(8)
    first = np.moveaxis(images, 3, 1).copy()
    for silu in (0, 1):
        set_ = {"groups": 4, "activation": silu, "epsilon": 1e-3}
        y = group_norm(images, gamma, beta, 4, 1e-3, silu)
        add(f"last_{silu}", "GroupNorm", [images, gamma, beta], set_, y)
        add(f"first_{silu}", "GroupNorm", [first, gamma, beta], {**set_, "channels_last": 0},
            np.moveaxis(y, 3, 1))
        other = f(2, 8)
        whole = images + other[:, None, None] + bias
        y = group_norm(whole, gamma, beta, 4, 1e-3, silu)
        add(f"last_{silu}", "SkipGroupNorm", [images, gamma, beta, other, bias], set_, y, whole)
        add(f"first_{silu}", "SkipGroupNorm", [first, gamma, beta, other, bias],
            {**set_, "channels_last": 0}, np.moveaxis(y, 3, 1), np.moveaxis(whole, 3, 1))
    w, b = f(5, 8, 2, 3), f(5)
    y = convolve_last(images, w, b)
    add("it", "NhwcConv", [images, w, b], {}, y)
    z = f(*y.shape)
    add("sum", "NhwcFusedConv", [images, w, b, z], {"activation": "Relu"}, np.maximum(y + z, 0))
    a = f(3, 7)
    add("no", "IsAllFinite", [a, np.array([1, np.nan], np.float32)], {}, False)
    add("yes", "IsAllFinite", [a, a[0]], {}, True)
    add("nan_only", "IsAllFinite", [np.array([1, np.inf], np.float32)], {"isnan_only": 1}, True)
    for both_ways in (0, 1):
        table = f(8, 3)
        add(both_ways, "RelativePositionBias", [table, np.array(9), np.array(11)],
            {"max_distance": 7, "is_bidirectional": both_ways},
            relative_bias(table.reshape(3, 8), 9, 11, 7, both_ways))
    query, bias, places, weight = f(2, 5, 12), f(12), f(1, 3, 5, 5), f(4, 8)
    offset, eco = f(8), f(1, 3, 1, 1)
    heads = (query + bias).reshape(2, 5, 3, 4).swapaxes(1, 2) @ weight + offset
    gates = sigmoid(heads.reshape(2, 3, 5, 2, 4).sum(-1))
    gate = gates[..., :1] * (gates[..., 1:] * eco - 1) + 2
    add("it", "GatedRelativePositionBias", [query, bias, places, weight, offset, eco],
        {"num_heads": 3}, gate * places)
    signal = f(3, 10)
    spectrum = np.fft.rfft(signal).astype(np.complex64)
    pairs = np.stack([spectrum.real, spectrum.imag], -1)
    add("it", "Rfft", [signal], {"signal_ndim": 1, "onesided": 1, "normalized": 0}, pairs)
    add("it", "Irfft", [pairs], {"signal_ndim": 1, "onesided": 1, "normalized": 0}, signal)
    p, q = f(3, 2), f(3, 2)
    product = (p[:, 0] + 1j * p[:, 1]) * (q[:, 0] + 1j * q[:, 1])
    add("it", "ComplexMul", [p, q], {},
        np.stack([product.real, product.imag], -1).astype(np.float32))
    q, k, v = (f(2, 3, 5, 8).astype(np.float16) for _ in range(3))
    rows = [t.swapaxes(1, 2).reshape(2, 5, 24) for t in (q, k, v)]
    wide = attend(*(t.astype(np.float32) for t in (q, k, v))).astype(np.float16)
    add("half", "MultiHeadAttention", rows, {"num_heads": 3}, wide)
    make.cases[-1].within = HALF
    for rows in (5, 70):
        packed = f(2, rows, 3, 3, 8)
        parts = [packed[:, :, :, i].swapaxes(1, 2) for i in range(3)]
        add(f"packed_{rows}", "MultiHeadAttention", [packed], {"num_heads": 3}, attend(*parts))
        query, packed = f(2, 4, 24), f(2, rows, 3, 2, 8)
        parts = [packed[:, :, :, i].swapaxes(1, 2) for i in range(2)]
        heads = query.reshape(2, 4, 3, 8).swapaxes(1, 2)
        add(f"packed_keys_{rows}", "MultiHeadAttention", [query, packed], {"num_heads": 3},
            attend(heads, *parts))
    return list(zip(make.cases, expected))
