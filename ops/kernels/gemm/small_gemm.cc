#include "ops/kernels/gemm/small_gemm.h"

#include "runtime/device/machine.h"

namespace convoy::kernels {

SmallGemmKernel small_gemm_generic();
#if defined(__x86_64__)
SmallGemmKernel small_gemm_avx2();
SmallGemmKernel small_gemm_avx512();
#endif

SmallGemmKernel small_gemm([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return small_gemm_avx512();
  if (isa == Isa::kAvx2) return small_gemm_avx2();
#endif
  return small_gemm_generic();
}

}  // namespace convoy::kernels
