// The kernels of conv_kernels.h as templates over a vector type V (simd/vector_type.h). All of it
// lies in an unnamed namespace, so that nothing compiled with one file's flags can be taken for
// another's. Hence no std:: templates here.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/gemm/register_tile.h"

namespace convoy::kernels {
namespace {

// Where the last vector of a tile at `at` lies, from there: it is moved back to end at limit.
template <class V, int NV>
int64_t tail_place(int64_t limit, int64_t at) {
  const int64_t most = limit - V::lanes - at;
  if (limit < V::lanes) return 0;
  return most < (NV - 1) * V::lanes ? most : (NV - 1) * V::lanes;
}

// What a tile reads and writes beside its sums, out of the reach of its stores: the compiler must
// assume that those change a ConvTile. Channels are walked along, as their multiples would not fit
// the registers.
struct TileRow {
  const float* x;
  float* y;
  const float* residual;
  int64_t y_channel;
  int64_t residual_channel;
  bool clamp;
  float low, high;
};

TileRow tile_row(const ConvTile& a, int64_t channel, int64_t row, int64_t at) {
  const float* residual = nullptr;
  if (a.residual) residual = a.residual + channel * a.residual_channel + row * a.residual_row + at;
  float* const y = a.y + channel * a.y_channel + row * a.y_row + at;
  return {a.x + row * a.x_row + at, y,       residual, a.y_channel,
          a.residual_channel,       a.clamp, a.low,    a.high};
}

// The first `count` < lanes outputs.
template <class V, int OC>
__attribute__((noinline)) void store_short_tile(const TileRow& row, int64_t count,
                                                const typename V::reg (&acc)[OC]) {
  for (int o = 0; o < OC; ++o) {
    auto value = acc[o];
    if (row.residual)
      value = V::add(value, V::load_n(row.residual + o * row.residual_channel, count));
    if (row.clamp) value = V::min(V::set(row.high), V::max(V::set(row.low), value));
    V::store_n(row.y + o * row.y_channel, value, count);
  }
}

// Inlined always, or the accumulators would go through memory.
template <class V, int OC, int NV>
__attribute__((always_inline)) inline void store_tile(const TileRow& row, int64_t limit,
                                                      int64_t tail,
                                                      typename V::reg (&acc)[OC][NV]) {
  if (limit < V::lanes) {
    typename V::reg first[OC];
    for (int o = 0; o < OC; ++o) first[o] = acc[o][0];
    return store_short_tile<V, OC>(row, limit, first);
  }
  auto place = [tail](int v) { return v == NV - 1 ? tail : v * V::lanes; };
  if (row.residual) {
    const float* residual = row.residual;
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o, residual += row.residual_channel)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[o][v] = V::add(acc[o][v], V::load(residual + place(v)));
  }
  if (row.clamp) {
    const auto low = V::set(row.low), high = V::set(row.high);
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[o][v] = V::min(high, V::max(low, acc[o][v]));
  }
  float* y = row.y;
#pragma GCC unroll 8
  for (int o = 0; o < OC; ++o, y += row.y_channel)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) V::store(y + place(v), acc[o][v]);
}

// Adds one of N taps in a row, the inputs of which start at p.
template <int N, class V, int OC, int NV>
__attribute__((always_inline)) inline void add_tap(const float* p, int64_t tail, const float* w,
                                                   typename V::reg (&acc)[OC][NV]) {
  auto place = [tail](int v) { return v == NV - 1 ? tail : v * V::lanes; };
  // The compiler keeps twelve sums in place by itself where one input at a time is in use.
  constexpr bool kInPlace = N > 1 && !(OC == 3 && NV == 4);
  add_product<V, NV <= OC, kInPlace>(
      acc, 0, [w](int o, int64_t) { return w[o]; },
      [p, place](int64_t, int v) { return V::load(p + place(v)); });
}

// What a ConvTile says of inputs to ask for.
class SoonInputs {
 public:
  explicit SoonInputs(const ConvTile& a)
      : x_(a.soon), channel_(a.soon_channel), left_(a.soon_channels), lines_(a.soon_lines) {}

  // For a tile.
  void ask() {
    if (left_ <= 0) return;
    for (int64_t i = 0; i < lines_; ++i) __builtin_prefetch(x_ + 16 * i);
    x_ += channel_;
    --left_;
  }

 private:
  const float* x_;
  int64_t channel_, left_, lines_;
};

// What a ConvTile says of taps, out of the reach of stores.
struct TapRuns {
  const int64_t* offset;
  const int64_t* end;
  int64_t step;
};

// Runs of N taps, which may be neighbours. What is between taps keeps the compiler from mixing
// their loads, for which it has no registers left.
template <int N, bool kNeighbours, class V, int OC, int NV>
__attribute__((always_inline)) inline void sum_tile(const float* x, int64_t tail, TapRuns runs,
                                                    const float* w,
                                                    typename V::reg (&acc)[OC][NV]) {
  for (; runs.offset != runs.end; runs.offset += N, w += N * OC) {
    const float* p = x + *runs.offset;
#pragma GCC unroll 8
    for (int k = 0; k < N; ++k) {
      add_tap<N, V, OC, NV>(kNeighbours ? p + k : p, tail, w + k * OC, acc);
      if (!kNeighbours) p += runs.step;
      asm volatile("" : "+r"(p) : : "memory");
    }
  }
}

// The tiles of one block and row; `last` says where the last vector of the last lies.
template <int N, bool kNeighbours, class V, int OC, int NV>
__attribute__((always_inline)) inline void run_row(const ConvTile& a, TapRuns runs, TileRow at,
                                                   const float* weights, const float* bias,
                                                   int64_t last, SoonInputs& soon) {
  constexpr int64_t kStep = NV * V::lanes;
  const int64_t limit = a.limit;
  for (int64_t left = a.tiles; left > 0; --left) {
    const int64_t tail = left == 1 ? last : (NV - 1) * V::lanes;
    typename V::reg acc[OC][NV];
    soon.ask();
    const float* next = at.y + kStep;
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o, next += at.y_channel)
#pragma GCC unroll 8
      for (int v = 0; v < NV; v += 16 / V::lanes) __builtin_prefetch(next + v * V::lanes, 1);
#pragma GCC unroll 8
    for (int o = 0; o < OC; ++o)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[o][v] = V::set(bias[o]);
    sum_tile<N, kNeighbours, V, OC, NV>(at.x, tail, runs, weights, acc);
    store_tile<V, OC, NV>(at, limit, tail, acc);
    at.x += kStep;
    at.y += kStep;
    if (at.residual) at.residual += kStep;
  }
}

template <int N, bool kNeighbours, class V, int OC, int NV>
void run_tiles_of(const ConvTile& a) {
  static constexpr float kZeros[OC] = {};
  const TapRuns runs = {a.offsets, a.offsets + a.terms, a.tap_step};
  const int64_t last = tail_place<V, NV>(a.limit, a.begin + (a.tiles - 1) * NV * V::lanes);
  SoonInputs soon(a);
  for (int64_t block = 0; block < a.blocks; ++block) {
    const float* const weights = a.weights + block * OC * a.terms;
    const float* const bias = a.bias ? a.bias + block * OC : kZeros;
    for (int64_t row = 0; row < a.rows; ++row)
      run_row<N, kNeighbours, V, OC, NV>(a, runs, tile_row(a, block * OC, row, a.begin), weights,
                                         bias, last, soon);
  }
}

template <class V, int OC, int NV>
void run_tiles(const ConvTile& a) {
  const bool neighbours = a.tap_step == 1;
  switch (a.taps) {
    case 5:
      return neighbours ? run_tiles_of<5, true, V, OC, NV>(a)
                        : run_tiles_of<5, false, V, OC, NV>(a);
    case 3:
      return neighbours ? run_tiles_of<3, true, V, OC, NV>(a)
                        : run_tiles_of<3, false, V, OC, NV>(a);
    case 2: return run_tiles_of<2, false, V, OC, NV>(a);
    default: return run_tiles_of<1, false, V, OC, NV>(a);
  }
}

template <class V>
void pack_apart(float* dst, int64_t count, const float* src, int64_t step) {
  if (step == 2) {
    for (int64_t i = 0; i < count; ++i) dst[i] = src[2 * i];
  } else {
    for (int64_t i = 0; i < count; ++i) dst[i] = src[i * step];
  }
}

template <class V>
void fill_zero(float* dst, int64_t begin, int64_t end) {
  if (begin >= end) return;
  V::store(dst + begin, V::zero());
  for (int64_t i = begin + V::lanes; i < end; i += V::lanes) V::store(dst + i, V::zero());
}

// The lanes of a vector of elements from `at` on that are in [begin, end).
template <class V>
__attribute__((always_inline)) inline typename V::lane_mask lanes_within(int64_t at, int64_t begin,
                                                                         int64_t end) {
  auto within = [](int64_t i) { return i < 0 ? 0 : i < V::lanes ? i : V::lanes; };
  const int64_t first = within(begin - at), last = within(end - at);
  return V::between(first, last < first ? first : last);
}

// The vector of p from `at` on, with zero before begin and from end on.
template <class V>
__attribute__((always_inline)) inline typename V::reg load_within(const float* p, int64_t at,
                                                                  int64_t begin, int64_t end) {
  if (begin <= at && at + V::lanes <= end) return V::load(p + at);
  return V::load_masked(p + at, lanes_within<V>(at, begin, end));
}

// dst[i] = src[i] for begin <= i < end, else 0.
template <class V>
void pack_neighbours(float* dst, int64_t count, const float* src, int64_t begin, int64_t end) {
  for (int64_t i = 0; i < count; i += V::lanes)
    V::store(dst + i, load_within<V>(src, i, begin, end));
}

// Stores run over the end of a row, into what is written next.
template <class V>
void pack(const ConvPack& a) {
  int64_t begin = 0, end = a.size - a.first;
  if (a.first < 0) begin = -a.first;
  if (a.step > 1) {
    begin = (begin + a.step - 1) / a.step;
    end = end > 0 ? (end + a.step - 1) / a.step : 0;
  }
  if (begin > a.count) begin = a.count;
  if (end > a.count) end = a.count;
  if (end < begin) end = begin;
  for (int64_t i = 0; i < a.rows; ++i) {
    float* const dst = a.dst + i * a.dst_row;
    const int64_t row = a.first_row + i * a.row_step;
    if (row < 0 || row >= a.row_size || begin == end) {
      fill_zero<V>(dst, 0, a.count);
      continue;
    }
    const float* const src = a.src + row * a.row_stride + a.first * a.stride;
    const int64_t step = a.step * a.stride;
    if (step == 1) {
      pack_neighbours<V>(dst, a.count, src, begin, end);
      continue;
    }
    fill_zero<V>(dst, 0, begin);
    pack_apart<V>(dst + begin, end - begin, src + begin * step, step);
    fill_zero<V>(dst, end, a.count);
  }
}

template <class V, int OC, int NV>
constexpr void add_tiles(ConvKernels& kernels) {
  kernels.tile[OC][NV] = run_tiles<V, OC, NV>;
  if (kernels.max_vectors[OC] < NV) kernels.max_vectors[OC] = NV;
  if (kernels.max_oc_block < OC) kernels.max_oc_block = OC;
  if constexpr (NV > 1) add_tiles<V, OC, NV - 1>(kernels);
}

}  // namespace
}  // namespace convoy::kernels
