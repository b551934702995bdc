// Matrix products on strided operands: the common form of MatMul, Gemm and the private FusedMatMul.
//
// ai.convoy::FusedMatMul(A, B, bias?, residual?) -> Y
//   Y = f(scale * op(A) · op(B) + bias + residual) with NumPy's matmul semantics. Attributes:
//   transA, transB (swap the last two axes, 0), scale (1.0), and those of ops/conv/epilogue.h. bias
//   is [N]; residual has exactly the shape of Y. float32, float64, float16, bfloat16.
#pragma once

#include "ops/conv/epilogue.h"
#include "runtime/op/op.h"

namespace convoy {

// y[b, i, j] = sum over p of a[b, i, p] * b[b, p, j] for each index of the batch axes. Strides
// count elements; 0 where an operand is repeated.
struct MatMulShape {
  int64_t m = 1;
  int64_t n = 1;
  int64_t k = 1;
  Shape batch;
  Strides a_batch, b_batch, y_batch;
  int64_t a_m = 0, a_k = 0;
  int64_t b_k = 0, b_n = 0;
  int64_t y_m = 0, y_n = 0;

  int64_t batch_count() const { return element_count(batch); }
};

// The shape of the product; throws kInvalidInput when the operands do not fit. An operand of rank 1
// takes part as a row (left) or column (right).
Shape matmul_output_shape(const Shape& a, const Shape& b, bool transpose_a = false,
                          bool transpose_b = false);

// Neighbouring batch axes are merged. Unless keep_rows is set, those that a product with more rows
// expresses as well become rows, and long ones take the place of the rows.
MatMulShape describe_matmul(const TensorDesc& a, const TensorDesc& b, const TensorDesc& y,
                            bool transpose_a = false, bool transpose_b = false,
                            bool keep_rows = false);

// Operand `i` or output `j` as a kernel gets it that does not ask for strides.
inline TensorDesc contiguous_input(const KernelRequest& request, int i) {
  return TensorDesc::contiguous(request.input(i).dtype, request.input(i).shape);
}
inline TensorDesc contiguous_output(const KernelRequest& request, int j) {
  return TensorDesc::contiguous(request.output(j).dtype, request.output(j).shape);
}

// The offsets of matrix `index`, counted in row-major order of the batch axes.
struct MatMulOffsets {
  int64_t a = 0;
  int64_t b = 0;
  int64_t y = 0;
};
MatMulOffsets matrix_offsets(const MatMulShape& shape, int64_t index);

}  // namespace convoy
