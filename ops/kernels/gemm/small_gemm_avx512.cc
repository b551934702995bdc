#include <immintrin.h>

#include "ops/kernels/gemm/small_gemm.h"
#include "ops/kernels/gemm/small_gemm_body.h"

namespace convoy::kernels {
namespace {

struct Avx512 {
  using reg = __m512;
  static constexpr int lanes = 16;
  static __mmask16 mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
  static reg zero() { return _mm512_setzero_ps(); }
  static reg set(float x) { return _mm512_set1_ps(x); }
  static reg load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, reg x) { _mm512_storeu_ps(p, x); }
  static reg load_n(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  static void store_n(float* p, reg x, int64_t n) { _mm512_mask_storeu_ps(p, mask(n), x); }
  static reg fma(reg a, reg b, reg c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace

SmallGemmKernel small_gemm_avx512() { return gemm<Avx512>; }

}  // namespace convoy::kernels
