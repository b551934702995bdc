#include "ops/kernels/gemm/small_gemm.h"

namespace convoy::kernels {

SmallGemmKernel* small_gemm(Isa isa) { return CONVOY_OF_ISA(isa, small_gemm); }

}  // namespace convoy::kernels
