"""Cases of attention and of searches with a decoder, for comparisons with ONNX Runtime."""

import numpy as np
from microsoft_cases import Maker
from onnx import TensorProto, helper, numpy_helper


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
