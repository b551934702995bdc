#include <immintrin.h>

#include "ops/kernels/gemm/small_gemm.h"
#include "ops/kernels/gemm/small_gemm_body.h"

namespace convoy::kernels {
namespace {

alignas(32) const int kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

struct Avx2 {
  using reg = __m256;
  static constexpr int lanes = 8;
  static __m256i mask(int64_t n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMask + 8 - n));
  }
  static reg zero() { return _mm256_setzero_ps(); }
  static reg set(float x) { return _mm256_set1_ps(x); }
  static reg load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, reg x) { _mm256_storeu_ps(p, x); }
  static reg load_n(const float* p, int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
  static void store_n(float* p, reg x, int64_t n) { _mm256_maskstore_ps(p, mask(n), x); }
  static reg fma(reg a, reg b, reg c) { return _mm256_fmadd_ps(a, b, c); }
};

}  // namespace

SmallGemmKernel small_gemm_avx2() { return gemm<Avx2>; }

}  // namespace convoy::kernels
