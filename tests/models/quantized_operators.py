"""Models of one quantized operator of com.microsoft each, with what onnxruntime computes.

    PYTHON quantized_operators.py FOLDER

PYTHON has onnx and onnxruntime. For each case NAME it writes FOLDER/NAME.onnx and
FOLDER/NAME.npz with the arrays in_K of the graph's inputs and out_K of its outputs.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

U8, I8, F32, F16 = np.uint8, np.int8, np.float32, np.float16


class Cases:
    def __init__(self, folder: Path):
        self.folder = folder
        self.random = np.random.default_rng(7)
        self.options = onnxruntime.SessionOptions()
        self.options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
        self.options.log_severity_level = 3
        # Several threads quantize the state of an LSTM by parts of the batch.
        self.options.intra_op_num_threads = 1

    def bytes(self, dtype, *shape):
        info = np.iinfo(dtype)
        return self.random.integers(info.min, info.max, shape, dtype, endpoint=True)

    def weights(self, dtype, *shape):
        """Of 7 bits where they are signed: with AVX2 alone onnxruntime saturates sums of two
        products of uint8 and int8 at 16 bits."""
        return self.bytes(dtype, *shape) // (2 if dtype is I8 else 1)

    def floats(self, *shape, low=-1.0, high=1.0, dtype=F32):
        return self.random.uniform(low, high, shape).astype(dtype)

    def add(self, name, op, inputs, outputs, fed=(0,), **attributes):
        """One node: `inputs` are arrays, ONNX tensors, or None where left out; those that `fed`
        numbers are inputs of the graph, the others constants. `outputs` are element types."""
        names = ["" if x is None else f"x{i}" for i, x in enumerate(inputs)]
        results = ["" if t is None else f"y{j}" for j, t in enumerate(outputs)]
        node = helper.make_node(op, names, results, domain="com.microsoft", **attributes)
        constants, feeds, values = [], {}, []
        for i, (key, x) in enumerate(zip(names, inputs)):
            if not key:
                continue
            proto = x if isinstance(x, TensorProto) else numpy_helper.from_array(x, key)
            proto.name = key
            if i in fed:
                feeds[key] = x
                values.append(helper.make_tensor_value_info(key, proto.data_type, x.shape))
            else:
                constants.append(proto)
        made = [helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(np.dtype(t)),
                                              None)
                for key, t in zip(results, outputs) if key]
        graph = helper.make_graph([node], name, values, made, constants)
        model = helper.make_model(
            graph, ir_version=10,
            opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)])
        path = self.folder / f"{name}.onnx"
        onnx.save(model, path)
        session = onnxruntime.InferenceSession(str(path), self.options,
                                               providers=["CPUExecutionProvider"])
        expected = session.run(None, feeds)
        arrays = {f"in_{key}": x for key, x in feeds.items()}
        arrays.update({f"out_{j}": y for j, y in enumerate(expected)})
        np.savez(self.folder / f"{name}.npz", **arrays)

    def scale(self, value):
        return np.array(value, F32)

    def zero(self, dtype, value):
        return np.array(value, dtype)


def elementwise(c: Cases):
    for dtype, zero in ((U8, 120), (I8, -9)):
        tag = np.dtype(dtype).name
        x = c.bytes(dtype, 3, 5, 7)
        of_x = (c.scale(0.03), c.zero(dtype, zero))
        of_y = (c.scale(0.02), c.zero(dtype, zero + 5))
        for op, attributes in (("QLinearSigmoid", {}), ("QLinearLeakyRelu", {"alpha": 0.2}),
                               ("QLinearLeakyRelu", {})):
            c.add(f"{op}_{tag}_{len(attributes)}", op, [x, *of_x, *of_y], [dtype], **attributes)
        c.add(f"QLinearSigmoid_{tag}_no_zero_points", "QLinearSigmoid",
              [x, c.scale(0.05), None, c.scale(0.01), None], [dtype])
        for op in ("QLinearAdd", "QLinearMul"):
            for shapes in (((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((3, 1), (2, 1, 5)),
                           ((), (2, 3)), ((1, 33), (1, 33))):
                a, b = (c.bytes(dtype, *shape) for shape in shapes)
                name = f"{op}_{tag}_" + "_".join("x".join(map(str, s)) for s in shapes)
                c.add(name, op, [a, *of_x, b, *of_y, c.scale(0.05), c.zero(dtype, 7)], [dtype],
                      fed=(0, 3))
        condition = c.random.integers(0, 2, (5, 1)).astype(bool)
        c.add(f"QLinearWhere_{tag}", "QLinearWhere",
              [condition, x, *of_x, c.bytes(dtype, 7), *of_y, *of_x], [dtype], fed=(0, 1, 4))
        for axis in (1, -1):
            other = c.bytes(dtype, *((3, 2, 7) if axis == 1 else (3, 5, 2)))
            c.add(f"QLinearConcat_{tag}_{axis % 3}", "QLinearConcat",
                  [*of_x, x, *of_x, other, *of_y, x, c.scale(0.05), c.zero(dtype, 1)], [dtype],
                  fed=(2, 5, 8), axis=axis)


def reductions(c: Cases):
    for dtype, zero in ((U8, 120), (I8, -9)):
        tag = np.dtype(dtype).name
        of_x = (c.scale(0.06), c.zero(dtype, zero))
        of_y = (c.scale(0.004), c.zero(dtype, zero // 10))
        x = c.bytes(dtype, 2, 3, 6, 5)
        for opset in (11, 13):
            for axis in (1, -1):
                c.add(f"QLinearSoftmax_{tag}_{opset}_{axis % 4}", "QLinearSoftmax",
                      [x, *of_x, *of_y], [dtype], axis=axis, opset=opset)
        of_y = (c.scale(0.05), c.zero(dtype, zero))
        for last in (0, 1):
            c.add(f"QLinearGlobalAveragePool_{tag}_{last}", "QLinearGlobalAveragePool",
                  [x, *of_x, *of_y], [dtype], channels_last=last)
            for i, attributes in enumerate((
                    {"kernel_shape": [2, 3]},
                    {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]},
                    {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1},
                    {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1},
                    {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"})):
                c.add(f"QLinearAveragePool_{tag}_{last}_{i}", "QLinearAveragePool",
                      [x if last == 0 else np.ascontiguousarray(x.transpose(0, 2, 3, 1)),
                       *of_x, *of_y], [dtype], channels_last=last, **attributes)
        for i, attributes in enumerate((
                {"kernel_shape": [2, 3]},
                {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 1]},
                {"kernel_shape": [2, 2], "dilations": [2, 1], "ceil_mode": 1,
                 "strides": [2, 2]})):
            c.add(f"NhwcMaxPool_{tag}_{i}", "NhwcMaxPool", [x], [dtype], **attributes)


def products(c: Cases):
    for a_type, b_type in ((U8, I8), (U8, U8), (I8, I8)):
        tag = f"{np.dtype(a_type).name}_{np.dtype(b_type).name}"
        a, b = c.bytes(a_type, 5, 40), c.weights(b_type, 40, 6)
        a_zero, b_zero = c.zero(a_type, 3), c.zero(b_type, 2)
        b_scales = c.floats(6, low=0.01, high=0.03)
        b_zeros = np.zeros(6, b_type) + np.array([0, 1, 2, 0, 5, 3], b_type)
        bias = c.floats(6)
        for fed in ((0,), (0, 1)):
            more = f"{tag}_{len(fed)}"
            c.add(f"MatMulIntegerToFloat_{more}", "MatMulIntegerToFloat",
                  [a, b, c.scale(0.02), c.scale(0.03), a_zero, b_zero, bias], [F32], fed=fed)
            c.add(f"MatMulIntegerToFloat_columns_{more}", "MatMulIntegerToFloat",
                  [c.bytes(a_type, 2, 3, 40), b, c.scale(0.02), b_scales, None, b_zeros], [F32],
                  fed=fed)
        rows = c.bytes(np.int32, 6) % 1000
        y_scale, y_zero = c.scale(1.5), c.zero(a_type, 10)
        c.add(f"QGemm_{tag}", "QGemm",
              [a, c.scale(0.02), a_zero, b, c.scale(0.03), b_zero, rows, y_scale, y_zero],
              [a_type])
        c.add(f"QGemm_turned_{tag}", "QGemm",
              [np.ascontiguousarray(a.T), c.scale(0.02), a_zero, np.ascontiguousarray(b.T),
               b_scales, b_zeros, c.bytes(np.int32, 5, 6) % 1000, y_scale, y_zero], [a_type],
              transA=1, transB=1, alpha=0.5)
        c.add(f"QGemm_float_{tag}", "QGemm",
              [a, c.scale(0.02), a_zero, b, b_scales, b_zeros, rows], [F32])
        c.add(f"QGemm_without_c_{tag}", "QGemm",
              [a, c.scale(0.02), a_zero, b, c.scale(0.03), b_zero, None, y_scale, y_zero],
              [a_type])
    for b_type in (U8, I8):
        tag = np.dtype(b_type).name
        a, b = c.floats(2, 4, 40), c.weights(b_type, 40, 6)
        c.add(f"DynamicQuantizeMatMul_{tag}", "DynamicQuantizeMatMul",
              [a, b, c.scale(0.02), c.zero(b_type, 4), c.floats(6)], [F32])
        c.add(f"DynamicQuantizeMatMul_columns_{tag}", "DynamicQuantizeMatMul",
              [a, b, c.floats(6, low=0.01, high=0.03), None, None], [F32])
    c.add("MatMulInteger16", "MatMulInteger16",
          [c.bytes(np.int16, 2, 3, 4) % 1000, c.bytes(np.int16, 4, 5)], [np.int32], fed=(0, 1))


def convolutions(c: Cases):
    for last in (0, 1):
        for group in (1, 3):
            x = c.bytes(U8, 2, 6, 7, 5)
            if last:
                x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
            w = c.weights(I8, 9, 6 // group, 3, 3)
            inputs = [x, c.scale(0.02), c.zero(U8, 110), w, c.floats(9, low=0.01, high=0.03),
                      np.zeros(9, I8), c.scale(0.3), c.zero(U8, 120),
                      c.bytes(np.int32, 9) % 1000]
            c.add(f"QLinearConv_{last}_{group}", "QLinearConv", inputs, [U8], channels_last=last,
                  group=group, pads=[1, 0, 1, 2], strides=[2, 1])
            c.add(f"QLinearConv_{last}_{group}_plain", "QLinearConv", inputs[:8], [U8],
                  channels_last=last, group=group)


def linear(c: Cases):
    for dtype in (U8, I8, np.uint16, np.int16):
        tag = np.dtype(dtype).name
        scales = c.floats(3, low=0.001, high=0.02)
        zeros = c.bytes(dtype, 3) // 2
        for real in (F32, F16):
            more = f"{tag}_{np.dtype(real).name}"
            x = c.floats(2, 3, 4, low=-3, high=3, dtype=real)
            c.add(f"QuantizeLinear_{more}", "QuantizeLinear",
                  [x, np.array(0.01, real), c.zero(dtype, 5)], [dtype])
            c.add(f"QuantizeLinear_axis_{more}", "QuantizeLinear",
                  [x, scales.astype(real), zeros], [dtype], axis=1)
            c.add(f"DequantizeLinear_{more}", "DequantizeLinear",
                  [c.bytes(dtype, 2, 3, 4), np.array(0.01, real), c.zero(dtype, 5)], [real])
            c.add(f"DequantizeLinear_axis_{more}", "DequantizeLinear",
                  [c.bytes(dtype, 2, 4, 3), scales.astype(real), zeros], [real], axis=-1)
    for kind, values in ((TensorProto.INT4, [-8, 7, 3, -1, 0, 5]),
                         (TensorProto.UINT4, [0, 15, 3, 1, 9, 5])):
        packed = helper.make_tensor("x", kind, [2, 3], values)
        zero = helper.make_tensor("z", kind, [], [2])
        c.add(f"DequantizeLinear_4_{kind}", "DequantizeLinear", [packed, c.scale(0.5), zero],
              [F32], fed=())


def blocks(c: Cases):
    for bits in (2, 4, 8):
        for k, n, size in ((32, 3, 32), (40, 70, 16), (100, 5, 32), (16, 130, 16)):
            count = -(-k // size)
            b = c.bytes(U8, n, count, size * bits // 8)
            scales = c.floats(n, count, low=0.01, high=0.1)
            packed = c.bytes(U8, n, -(-count * bits // 8))
            attributes = {"K": k, "N": n, "bits": bits, "block_size": size}
            name = f"MatMulNBits_{bits}_{k}_{n}_{size}"
            c.add(name, "MatMulNBits", [c.floats(2, 3, k), b, scales], [F32], **attributes)
            c.add(f"{name}_zeros", "MatMulNBits", [c.floats(35, k), b, scales, packed], [F32],
                  **attributes)
            if bits != 2:
                c.add(f"{name}_bias", "MatMulNBits",
                      [c.floats(1, k), b, scales, packed, None, c.floats(n)], [F32], **attributes)
            if bits == 4:
                c.add(f"{name}_float_zeros", "MatMulNBits",
                      [c.floats(4, k), b, scales, c.floats(n, count, high=2**bits - 1)], [F32],
                      **attributes)
                # Equal within a block, without zero points: onnxruntime reads only the first
                # eight of each block, and passes zero points over.
                groups = c.random.permutation(count)[np.arange(k) // size].astype(np.int32)
                c.add(f"{name}_groups", "MatMulNBits",
                      [c.floats(4, k), b, scales, None, groups], [F32], **attributes)
                c.add(f"{name}_half", "MatMulNBits",
                      [c.floats(4, k, dtype=F16), b, scales.astype(F16), packed], [F16],
                      **attributes)
    for kind in (0, 1):
        k, n, size = 40, 7, 16
        b = c.bytes(U8, (n * k + 1) // 2)
        c.add(f"MatMulBnb4_{kind}", "MatMulBnb4",
              [c.floats(3, k), b, c.floats(-(-n * k // size), low=0.1)], [F32], K=k, N=n,
              block_size=size, quant_type=kind)
    tables(c)


def tables(c: Cases):
    indices = np.array([[1, 5, 0], [-1, 2, 2]], np.int64)
    for bits in (4, 8):
        data = c.bytes(U8, 6, 40 * bits // 8)
        scales = c.floats(6, 3, low=0.01, high=0.1)
        zeros = c.bytes(U8, 6, -(-3 * bits // 8))
        for extra, name in (([], "plain"), ([zeros], "zeros")):
            c.add(f"GatherBlockQuantized_{bits}_{name}", "GatherBlockQuantized",
                  [data, indices, scales, *extra], [F32], fed=(1,), gather_axis=0,
                  quantize_axis=1, block_size=16, bits=bits)
    for kind, low in ((TensorProto.INT4, -8), (TensorProto.UINT4, 0)):
        for gather, quantize in ((0, 1), (1, 0), (0, 0), (1, 2)):
            shape = [6, 20, 5]
            values = c.random.integers(low, low + 16, shape)
            data = helper.make_tensor("x", kind, shape, values.flatten())
            blocks_shape = list(shape)
            blocks_shape[quantize] = -(-shape[quantize] // 16)
            zeros = c.random.integers(low, low + 16, blocks_shape)
            c.add(f"GatherBlockQuantized_{kind}_{gather}_{quantize}", "GatherBlockQuantized",
                  [data, indices, c.floats(*blocks_shape, low=0.01, high=0.1),
                   helper.make_tensor("z", kind, blocks_shape, zeros.flatten())], [F32],
                  fed=(1,), gather_axis=gather, quantize_axis=quantize, block_size=16)


def recurrent(c: Cases):
    steps, batch, size, hidden = 6, 3, 5, 8
    for w_type in (U8, I8):
        for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            zero = np.zeros(d, w_type) + (128 if w_type is U8 else 0)
            w = c.weights(w_type, d, size, 4 * hidden)
            r = c.weights(w_type, d, hidden, 4 * hidden)
            tensor = np.full(d, 0.004, F32), zero.astype(w_type)
            channels = (c.floats(d, 4 * hidden, low=0.002, high=0.005),
                        np.broadcast_to(zero[:, None], (d, 4 * hidden)).astype(w_type))
            name = f"DynamicQuantizeLSTM_{np.dtype(w_type).name}_{direction}"
            c.add(name, "DynamicQuantizeLSTM",
                  [c.floats(steps, batch, size), w, r, c.floats(d, 8 * hidden), None, None, None,
                   None, *tensor, *tensor], [F32, F32, F32], hidden_size=hidden,
                  direction=direction)
            c.add(f"{name}_all", "DynamicQuantizeLSTM",
                  [c.floats(steps, batch, size), w, r, None, np.array([6, 2, 4], np.int32),
                   c.floats(d, batch, hidden), c.floats(d, batch, hidden),
                   c.floats(d, 3 * hidden), *channels, *channels], [F32, F32, F32],
                  hidden_size=hidden, direction=direction)


def transformers(c: Cases):
    batch, length, size, heads = 2, 5, 12, 3
    x, w = c.bytes(U8, batch, length, size), c.weights(I8, size, 3 * size)
    bias = c.floats(3 * size)
    per_column = c.floats(3 * size, low=0.002, high=0.005), np.zeros(3 * size, I8)
    tensor = c.scale(0.004), c.zero(I8, 1)
    masks = {
        "none": None, "ends": np.array([5, 3], np.int32),
        "ends_and_starts": np.array([5, 4, 1, 0], np.int32),
        "raw": np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]], np.int32),
        "cube": c.random.integers(0, 2, (batch, length, length)).astype(np.int32),
    }
    for name, mask in masks.items():
        for causal in (0, 1):
            scale, zero = per_column if causal else tensor
            c.add(f"QAttention_{name}_{causal}", "QAttention",
                  [x, w, bias, c.scale(0.02), scale, mask, c.zero(U8, 120), zero], [F32],
                  fed=(0, 5), num_heads=heads, unidirectional=causal)
    past = c.floats(2, batch, heads, 4, size // heads)
    c.add("QAttention_past", "QAttention",
          [x, w, bias, c.scale(0.02), *tensor[:1], None, c.zero(U8, 120), tensor[1], past],
          [F32, F32], fed=(0, 8), num_heads=heads, unidirectional=1)
    ids = c.random.integers(0, 9, (batch, length)).astype(np.int32)
    segments = c.random.integers(0, 2, (batch, length)).astype(np.int32)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)
    tables = [c.bytes(U8, rows, size) for rows in (9, 8, 2)] + [c.bytes(U8, size),
                                                               c.bytes(U8, size)]
    scales = [c.scale(s) for s in (0.01, 0.02, 0.03, 0.01, 0.02)]
    zeros = [c.zero(U8, z) for z in (120, 130, 128, 10, 140)]
    for name, given, of_mask in (("all", True, mask), ("short", False, None)):
        if not given:
            tables[2] = scales[2] = zeros[2] = None
        c.add(f"QEmbedLayerNormalization_{name}", "QEmbedLayerNormalization",
              [ids, segments if given else None, *tables, of_mask, *scales, *zeros],
              [F32, np.int32], fed=(0, 1, 7) if given else (0,))


def main():
    folder = Path(sys.argv[1])
    cases = Cases(folder)
    for family in (elementwise, reductions, products, convolutions, linear, blocks, recurrent,
                   transformers):
        family(cases)
    print(len(list(folder.glob("*.npz"))), "cases")


main()
