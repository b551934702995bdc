#include "tools/bench/machine_peak.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/device/machine.h"

namespace convoy {
namespace {

#if defined(__x86_64__)
#define TWELVE(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)
#define YMM(i) "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #i "\n"
#define ZMM(i) "vfmadd231ps %%zmm12, %%zmm13, %%zmm" #i "\n"
#define CLOBBERS                                                                           \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "cc"
void fma_avx2(int64_t n) {
  asm volatile("1:\n" TWELVE(YMM) "dec %0\n jnz 1b\n" : "+r"(n) : : CLOBBERS);
}
void fma_avx512(int64_t n) {
  asm volatile("1:\n" TWELVE(ZMM) "dec %0\n jnz 1b\n" : "+r"(n) : : CLOBBERS);
}
#endif

std::vector<uint64_t>& large_array() {
  static std::vector<uint64_t> array(evicting_bytes() / sizeof(uint64_t), 1);
  return array;
}

uint64_t read_all(const std::vector<uint64_t>& array) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i + 8 <= array.size(); i += 8) {
    for (size_t k = 0; k < 8; ++k) sums[k] += array[i + k];
  }
  return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

volatile uint64_t kept;

// So much a second, the best of a few rounds.
template <typename Body>
double best_rate(double amount, const Body& body) {
  double best = 0;
  for (int round = 0; round < 8; ++round) {
    const Stopwatch stopwatch;
    body();
    best = std::max(best, amount / stopwatch.seconds());
  }
  return best;
}

}  // namespace

double measure_fma_peak() {
#if defined(__x86_64__)
  const Isa isa = best_isa();
  if (isa == Isa::kGeneric) return 0;
  const int64_t trips = 400'000;
  const int lanes = isa >= Isa::kAvx512 ? 16 : 8;
  return best_rate(12.0 * double(trips) * lanes * 2,
                   [&] { isa >= Isa::kAvx512 ? fma_avx512(trips) : fma_avx2(trips); });
#else
  return 0;
#endif
}

double measure_read_bandwidth() { return best_rate(double(evicting_bytes()), evict_caches); }

void evict_caches() { kept = read_all(large_array()); }

size_t evicting_bytes() {
  constexpr int64_t kLeast = 32 << 20;
  return 4 * static_cast<size_t>(std::max<int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), kLeast));
}

}  // namespace convoy
