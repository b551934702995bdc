#include "ops/kernels/gemm/small_gemm.h"

namespace convoy::kernels {
namespace {

#include "ops/kernels/conv/conv_vector.h"

typedef float Floats __attribute__((vector_size(16)));
typedef int Ints __attribute__((vector_size(16)));
using Portable = PortableVector<Floats, Ints, 4>;

#include "ops/kernels/gemm/small_gemm_body.h"

}  // namespace

SmallGemmKernel small_gemm_generic() { return gemm<Portable>; }

}  // namespace convoy::kernels
