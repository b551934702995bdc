#include "ops/kernels/conv/conv_vector.h"
#include "ops/kernels/gemm/small_gemm.h"
#include "ops/kernels/gemm/small_gemm_body.h"

namespace convoy::kernels {
namespace {

typedef float Floats __attribute__((vector_size(16)));
typedef int Ints __attribute__((vector_size(16)));
using Portable = PortableVector<Floats, Ints, 4>;

}  // namespace

SmallGemmKernel small_gemm_generic() { return gemm<Portable>; }

}  // namespace convoy::kernels
