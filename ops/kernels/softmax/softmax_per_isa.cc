#include "ops/kernels/softmax/softmax.h"

#include "ops/kernels/simd/vector_math.h"
#include "runtime/device/per_isa.h"

namespace convoy {
namespace {

using namespace simd;

constexpr float kLowest = -__builtin_inff();

float max_of(const float* x, int64_t n) {
  Floats top = splat(kLowest);
  Floats top2 = top;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    top = max(load(x + i), top);
    top2 = max(load(x + i + kLanes), top2);
  }
  top = max(top, top2);
  for (; i + kLanes <= n; i += kLanes) top = max(load(x + i), top);
  if (i < n) top = max(load_partial(x + i, n - i, kLowest), top);
  return max_lanes(top);
}

void row(const float* x, float* y, int64_t n) {
  const float top = max_of(x, n);
  Floats total = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Floats e = exp_nonpositive(load(x + i) - top);
    store(y + i, e);
    total += e;
  }
  if (i < n) {
    Floats e = exp_nonpositive(load_partial(x + i, n - i, kLowest) - top);
    store_partial(y + i, e, n - i);
    // The filled lanes are NaN where top is infinite, and then so is the row.
    total += e;
  }
  const float scale = 1.0f / sum_lanes(total);
  for (i = 0; i + kLanes <= n; i += kLanes) store(y + i, load(y + i) * scale);
  for (; i < n; ++i) y[i] *= scale;
}

void log_row(const float* x, float* y, int64_t n) {
  const float top = max_of(x, n);
  Floats total = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) total += exp_nonpositive(load(x + i) - top);
  if (i < n) total += exp_nonpositive(load_partial(x + i, n - i, kLowest) - top);
  const float shift = __builtin_logf(sum_lanes(total));
  for (i = 0; i + kLanes <= n; i += kLanes) store(y + i, load(x + i) - top - shift);
  for (; i < n; ++i) y[i] = x[i] - top - shift;
}

// Columns are done kBlock at a time, so that maxima and sums stay in registers or L1.
constexpr int kBlock = 4 * kLanes;

void block_maxima(const float* x, int64_t n, int64_t stride, int width, float* top) {
  for (int k = 0; k < kBlock; ++k) top[k] = kLowest;
  for (int64_t r = 0; r < n; ++r, x += stride) {
    for (int k = 0; k < width; ++k) top[k] = x[k] > top[k] ? x[k] : top[k];
  }
}

// y (may be null) = exp(x - top); total = its column sums.
void block_exp(const float* x, float* y, int64_t n, int64_t stride, int width, const float* top,
               float* total) {
  Floats tops[4];
  Floats sums[4] = {};
  for (int v = 0; v < 4; ++v) tops[v] = load(top + v * kLanes);
  for (int64_t r = 0; r < n; ++r) {
    for (int v = 0; v * kLanes < width; ++v) {
      const int64_t at = r * stride + v * kLanes;
      const int64_t left = width - v * kLanes;
      Floats in = left >= kLanes ? load(x + at) : load_partial(x + at, left, 0.0f);
      Floats e = exp_nonpositive(in - tops[v]);
      sums[v] += e;
      if (y == nullptr) continue;
      if (left >= kLanes) {
        store(y + at, e);
      } else {
        store_partial(y + at, e, left);
      }
    }
  }
  for (int v = 0; v < 4; ++v) store(total + v * kLanes, sums[v]);
}

void columns(const float* x, float* y, int64_t n, int64_t stride, int64_t width) {
  float top[kBlock];
  float total[kBlock];
  for (int64_t c = 0; c < width; c += kBlock) {
    const int block = static_cast<int>(width - c < kBlock ? width - c : kBlock);
    block_maxima(x + c, n, stride, block, top);
    block_exp(x + c, y + c, n, stride, block, top, total);
    for (int k = 0; k < block; ++k) total[k] = 1.0f / total[k];
    for (int64_t r = 0; r < n; ++r) {
      float* line = y + c + r * stride;
      for (int k = 0; k < block; ++k) line[k] *= total[k];
    }
  }
}

void log_columns(const float* x, float* y, int64_t n, int64_t stride, int64_t width) {
  float top[kBlock];
  float total[kBlock];
  for (int64_t c = 0; c < width; c += kBlock) {
    const int block = static_cast<int>(width - c < kBlock ? width - c : kBlock);
    block_maxima(x + c, n, stride, block, top);
    block_exp(x + c, nullptr, n, stride, block, top, total);
    for (int k = 0; k < block; ++k) total[k] = __builtin_logf(total[k]);
    for (int64_t r = 0; r < n; ++r) {
      const float* in = x + c + r * stride;
      float* line = y + c + r * stride;
      for (int k = 0; k < block; ++k) line[k] = in[k] - top[k] - total[k];
    }
  }
}

}  // namespace

const SoftmaxKernels CONVOY_PER_ISA(softmax_kernels) = {row, log_row, columns, log_columns};

}  // namespace convoy
