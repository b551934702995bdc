#include "ops/kernels/row/row.h"

#include "ops/kernels/simd/vector.h"
#include "runtime/device/per_isa.h"

namespace convoy {
namespace {

using namespace simd;

// Floats that are added in single precision before they join a double.
constexpr int64_t kChunk = 2048;
constexpr int64_t kChunkRows = 128;

struct Identity {
  static Floats of(Floats x) { return x; }
};
struct Absolute {
  static Floats of(Floats x) { return abs(x); }
};
struct Square {
  static Floats of(Floats x) { return x * x; }
};

template <typename Map>
float chunk_sum(const float* x, int64_t n) {
  Floats sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int v = 0; v < 4; ++v) sums[v] += Map::of(load(x + i + v * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += Map::of(load(x + i));
  if (i < n) sums[1] += Map::of(load_partial(x + i, n - i, 0.0f));
  return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

template <typename Map>
void row_sum(const float* x, int64_t n, double* total) {
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t left = n - i;
    *total += static_cast<double>(chunk_sum<Map>(x + i, left < kChunk ? left : kChunk));
  }
}

// Columns are taken kVectors vectors at a time: whole cache lines, of few rows at once.
constexpr int kVectors = 8;
constexpr int kBlock = kVectors * kLanes;

template <typename Map>
void column_sum(const float* x, int64_t n, int64_t stride, int64_t width, double* total) {
  for (int64_t c = 0; c < width; c += kBlock) {
    for (int64_t first = 0; first < n; first += kChunkRows) {
      const int64_t last = first + kChunkRows < n ? first + kChunkRows : n;
      Floats sums[kVectors] = {};
      for (int64_t i = first; i < last; ++i) {
        const float* line = x + i * stride + c;
        if (c + kBlock <= width) {
          for (int v = 0; v < kVectors; ++v) sums[v] += Map::of(load(line + v * kLanes));
          continue;
        }
        for (int v = 0; c + v * kLanes < width; ++v) {
          const int64_t left = width - c - v * kLanes;
          sums[v] += Map::of(left >= kLanes ? load(line + v * kLanes)
                                            : load_partial(line + v * kLanes, left, 0.0f));
        }
      }
      float lanes[kBlock];
      for (int v = 0; v < kVectors; ++v) store(lanes + v * kLanes, sums[v]);
      for (int k = 0; k < kBlock && c + k < width; ++k) {
        total[c + k] += static_cast<double>(lanes[k]);
      }
    }
  }
}

struct Larger {
  static constexpr float kNeutral = -__builtin_inff();
  static Floats of(Floats a, Floats b) { return max(a, b); }
  static bool better(double a, double b) { return a > b; }
};
struct Smaller {
  static constexpr float kNeutral = __builtin_inff();
  static Floats of(Floats a, Floats b) { return min(a, b); }
  static bool better(double a, double b) { return a < b; }
};

template <typename Order>
void merge(double value, double* total) {
  if (value != value || (Order::better(value, *total) && *total == *total)) *total = value;
}

template <typename Order>
void row_extreme(const float* x, int64_t n, double* total) {
  Floats best[2] = {splat(Order::kNeutral), splat(Order::kNeutral)};
  Ints nan = {};
  auto take = [&](Floats in, int slot) {
    best[slot] = Order::of(in, best[slot]);
    nan |= in != in;
  };
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    take(load(x + i), 0);
    take(load(x + i + kLanes), 1);
  }
  for (; i + kLanes <= n; i += kLanes) take(load(x + i), 0);
  if (i < n) take(load_partial(x + i, n - i, Order::kNeutral), 1);
  float lanes[kLanes];
  store(lanes, Order::of(best[0], best[1]));
  int32_t flags[kLanes];
  __builtin_memcpy(flags, &nan, sizeof flags);
  for (int k = 0; k < kLanes; ++k) {
    merge<Order>(flags[k] != 0 ? __builtin_nan("") : static_cast<double>(lanes[k]), total);
  }
}

template <typename Order>
void column_extreme(const float* x, int64_t n, int64_t stride, int64_t width, double* total) {
  for (int64_t c = 0; c < width; c += kLanes) {
    const int64_t left = width - c;
    Floats best = splat(Order::kNeutral);
    Ints nan = {};
    for (int64_t i = 0; i < n; ++i) {
      const float* line = x + i * stride + c;
      Floats in = left >= kLanes ? load(line) : load_partial(line, left, Order::kNeutral);
      best = Order::of(in, best);
      nan |= in != in;
    }
    float lanes[kLanes];
    int32_t flags[kLanes];
    store(lanes, best);
    __builtin_memcpy(flags, &nan, sizeof flags);
    for (int k = 0; k < kLanes && k < left; ++k) {
      merge<Order>(flags[k] != 0 ? __builtin_nan("") : static_cast<double>(lanes[k]),
                   total + c + k);
    }
  }
}

void deviation(const float* x, int64_t n, float center, double* sum, double* squares) {
  for (int64_t first = 0; first < n; first += kChunk) {
    const int64_t last = first + kChunk < n ? first + kChunk : n;
    Floats sums[2] = {};
    Floats products[2] = {};
    auto take = [&](Floats in, int slot) {
      Floats d = in - center;
      sums[slot] += d;
      products[slot] += d * d;
    };
    int64_t i = first;
    for (; i + 2 * kLanes <= last; i += 2 * kLanes) {
      take(load(x + i), 0);
      take(load(x + i + kLanes), 1);
    }
    for (; i + kLanes <= last; i += kLanes) take(load(x + i), 0);
    if (i < last) take(load_partial(x + i, last - i, center), 1);
    *sum += static_cast<double>(sum_lanes(sums[0] + sums[1]));
    *squares += static_cast<double>(sum_lanes(products[0] + products[1]));
  }
}

// A center as two floats; differences from the first are exact where x is near it.
struct Center {
  float high;
  float low;

  explicit Center(double center)
      : high(static_cast<float>(center)),
        low(static_cast<float>(center - static_cast<double>(high))) {}
};

void affine(const float* x, float* y, int64_t n, double center, float factor, float addend) {
  const Center c(center);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(y + i, (load(x + i) - c.high - c.low) * factor + addend);
  }
  if (i == n) return;
  store_partial(y + i, (load_partial(x + i, n - i, 0.0f) - c.high - c.low) * factor + addend,
                n - i);
}

void affine_each(const float* x, float* y, int64_t n, const float* center, const float* factor,
                 const float* addend) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(y + i, (load(x + i) - load(center + i)) * load(factor + i) + load(addend + i));
  }
  if (i == n) return;
  auto rest = [=](const float* from) { return load_partial(from + i, n - i, 0.0f); };
  store_partial(y + i, (rest(x) - rest(center)) * rest(factor) + rest(addend), n - i);
}

void normalize(const float* x, float* y, int64_t n, double center, float factor, const float* scale,
               const float* bias) {
  const Center c(center);
  auto normalized = [=](auto read) {
    Floats value = (read(x) - c.high - c.low) * factor;
    if (scale != nullptr) value *= read(scale);
    if (bias != nullptr) value += read(bias);
    return value;
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(y + i, normalized([=](const float* from) { return load(from + i); }));
  }
  if (i == n) return;
  auto rest = [=](const float* from) { return load_partial(from + i, n - i, 0.0f); };
  store_partial(y + i, normalized(rest), n - i);
}

constexpr RowKernels kRowKernels = {
    {row_sum<Identity>, column_sum<Identity>},
    {row_sum<Absolute>, column_sum<Absolute>},
    {row_sum<Square>, column_sum<Square>},
    {row_extreme<Larger>, column_extreme<Larger>},
    {row_extreme<Smaller>, column_extreme<Smaller>},
    deviation,
    affine,
    affine_each,
    normalize,
};

}  // namespace

const RowKernels CONVOY_PER_ISA(row_kernels) = kRowKernels;

}  // namespace convoy
