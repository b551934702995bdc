#include "ops/kernels/conv/conv_vector.h"
#include "ops/kernels/gemm/small_gemm.h"
#include "ops/kernels/gemm/small_gemm_body.h"
#include "ops/kernels/simd/vector.h"

namespace convoy::kernels {
namespace {

using Portable = PortableVector<simd::Floats, simd::Ints, simd::kLanes>;

}  // namespace

SmallGemmKernel small_gemm_generic() { return gemm<Portable>; }

}  // namespace convoy::kernels
