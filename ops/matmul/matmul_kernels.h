// The ways to compute a matrix product, in the shape that matmul.cc and gemm.cc list them.
#pragma once

#include <memory>

#include "ops/matmul/matmul.h"
#include "runtime/op/kernel.h"

namespace convoy {

// y = f(scale * a · b + beta * c + residual). a is input a_input, b is input b_input. c is input 2
// read through c_strides over [m, n] (0 where it repeats); residual is input 3, laid out like y.
struct MatMulRequest {
  MatMulShape shape;
  int a_input = 0;
  int b_input = 1;
  float scale = 1;
  float beta = 1;
  bool has_c = false;
  int64_t c_m = 0, c_n = 0;
  bool has_residual = false;
  Epilogue epilogue;
};

// What MatMul, Gemm and FusedMatMul have in common; `read` describes a node for the operand strides
// that the kernel gets.
using MatMulReader = MatMulRequest (*)(const KernelRequest&);
using MatMulKernelFactory = std::unique_ptr<Kernel>(KernelRequest&, MatMulReader);

// Lists the candidates of an operator that `read` describes.
void add_matmul_kernels(OpDef& definition, MatMulReader read);

// Own loops for small float32 products; C only as a row.
MatMulKernelFactory make_small_matmul;
// Own loops on packed panels of B, float32; C only as a row.
MatMulKernelFactory make_packed_matmul;
// The same for a product that some other operator is: float32, B constant and contiguous, C none or
// a row, columns of Y neighbours, sizes above 0.
std::unique_ptr<Kernel> make_packed_product(KernelRequest& request, const MatMulRequest& matmul);
// float32.
MatMulKernelFactory make_onednn_matmul;
MatMulKernelFactory make_reference_matmul;
// On a GPU, float32.
MatMulKernelFactory make_cuda_matmul;

}  // namespace convoy
