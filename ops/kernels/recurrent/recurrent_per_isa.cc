#include "ops/kernels/recurrent/recurrent.h"

#include "ops/kernels/gemm/register_tile.h"
#include "ops/kernels/simd/vector_math.h"
#include "ops/kernels/simd/vector_type.h"
#include "runtime/device/per_isa.h"

namespace convoy {
namespace {

using namespace simd;

// A register tile is up to kTileRows × kTileVectors accumulators.
#if defined(__AVX512F__)
constexpr int kTileRows = 6;
#elif defined(__AVX2__)
constexpr int kTileRows = 3;
#else
constexpr int kTileRows = 2;
#endif
constexpr int kTileVectors = 4;
constexpr int kPanelVectors = static_cast<int>(kPanel) / kLanes;

// Part of a panel: kTileVectors vectors from `first` on, steps [begin, end) of k, columns of `init`
// and `out` from `column` on.
struct Strip {
  const float* panel;
  int64_t column;
  int first;
  int64_t begin;
  int64_t end;
};

template <int rows>
void multiply_tile(const float* const* a, const Strip& strip, const float* const* init,
                   float* const* out) {
  const int64_t column = strip.column + static_cast<int64_t>(strip.first) * kLanes;
  Floats sum[rows][kTileVectors];
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < kTileVectors; ++v) sum[r][v] = load(init[r] + column + v * kLanes);
  }
  const float* const weights = strip.panel + strip.first * kLanes;
  kernels::add_products<Vector>(
      sum, strip.begin, strip.end, [&](int r, int64_t p) { return a[r][p]; },
      [&](int64_t p, int v) { return load(weights + p * kPanel + v * kLanes); });
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < kTileVectors; ++v) store(out[r] + column + v * kLanes, sum[r][v]);
  }
}

// A single row is bound by reading the weights: several steps of k at a time where that many
// accumulators are free, to hide the latency of the additions.
constexpr int kRowVectors = kPanelVectors < 8 ? kPanelVectors : 8;
constexpr int kRowChains = 8 / kRowVectors;

void multiply_row(const float* a, const float* panel, int64_t k, const float* init, float* out) {
  for (int first = 0; first < kPanelVectors; first += kRowVectors) {
    const int64_t column = static_cast<int64_t>(first) * kLanes;
    Floats sum[1][kRowVectors];
    for (int v = 0; v < kRowVectors; ++v) sum[0][v] = load(init + column + v * kLanes);
    const float* const weights = panel + column;
    kernels::add_products_in_chains<Vector, kRowChains>(
        sum, 0, k, [&](int, int64_t p) { return a[p]; },
        [&](int64_t p, int v) { return load(weights + p * kPanel + v * kLanes); });
    for (int v = 0; v < kRowVectors; ++v) store(out + column + v * kLanes, sum[0][v]);
  }
}

// All rows by one strip; never one row alone at the end.
void multiply_strip(const float* const* a, int64_t rows, const Strip& strip,
                    const float* const* init, float* const* out) {
  int64_t r = 0;
  for (; r + kTileRows <= rows && rows - r != kTileRows + 1; r += kTileRows) {
    multiply_tile<kTileRows>(a + r, strip, init + r, out + r);
  }
  if ((rows - r) % 2 == 1) {
    multiply_tile<3>(a + r, strip, init + r, out + r);
    r += 3;
  }
  for (; r < rows; r += 2) multiply_tile<2>(a + r, strip, init + r, out + r);
}

// Steps of k whose part of a panel stays in L1 while all rows pass by.
constexpr int64_t kStripSteps = 64;

void multiply_panel(const float* const* a, int64_t rows, const float* panel, int64_t k,
                    const float* const* init, float* const* out, int64_t column) {
  if (rows == 0) return;
  if (rows == 1) return multiply_row(a[0], panel, k, init[0] + column, out[0] + column);
  for (int first = 0; first < kPanelVectors; first += kTileVectors) {
    int64_t begin = 0;
    do {
      const int64_t end = begin + kStripSteps < k ? begin + kStripSteps : k;
      multiply_strip(a, rows, {panel, column, first, begin, end}, begin == 0 ? init : out, out);
      begin = end;
    } while (begin < k);
  }
}

// Calls step(i, put) for each vector of n; put(to, value) stores only what lies below n.
template <typename Step>
void for_each_vector(int64_t n, const Step& step) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    step(i, [](float* to, Floats value) { store(to, value); });
  }
  if (i < n) {
    const int64_t left = n - i;
    step(i, [left](float* to, Floats value) { store_partial(to, value, left); });
  }
}

void lstm_cell(const float* gates, const float* peephole, float* cell, float* hidden, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) {
    Floats input = load(gates + i);
    Floats output = load(gates + n + i);
    Floats forget = load(gates + 2 * n + i);
    const Floats before = load(cell + i);
    if (peephole != nullptr) {
      input += load(peephole + i) * before;
      forget += load(peephole + 2 * n + i) * before;
    }
    const Floats state = sigmoid(forget) * before + sigmoid(input) * tanh(load(gates + 3 * n + i));
    if (peephole != nullptr) output += load(peephole + n + i) * state;
    put(cell + i, state);
    put(hidden + i, sigmoid(output) * tanh(state));
  });
}

void gru_gates(float* gates, const float* hidden, float* reset, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) {
    const Floats r = sigmoid(load(gates + n + i));
    put(gates + i, sigmoid(load(gates + i)));
    put(gates + n + i, r);
    put(reset + i, r * load(hidden + i));
  });
}

void gru_update(const float* z, const float* candidate, float* hidden, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) {
    const Floats keep = load(z + i);
    const Floats fresh = tanh(load(candidate + i));
    put(hidden + i, keep * load(hidden + i) + (1.0f - keep) * fresh);
  });
}

void gru_update_linear(const float* z, const float* r, const float* x, const float* recurrent,
                       float* hidden, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) {
    const Floats keep = load(z + i);
    const Floats fresh = tanh(load(x + i) + load(r + i) * load(recurrent + i));
    put(hidden + i, keep * load(hidden + i) + (1.0f - keep) * fresh);
  });
}

void rnn_tanh(const float* gate, float* hidden, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) { put(hidden + i, tanh(load(gate + i))); });
}

void rnn_relu(const float* gate, float* hidden, int64_t n) {
  for_each_vector(n, [&](int64_t i, auto put) {
    const Floats x = load(gate + i);
    put(hidden + i, x < 0.0f ? Floats{} : x);
  });
}

constexpr RecurrentKernels kRecurrentKernels = {
    multiply_panel, lstm_cell, gru_gates, gru_update, gru_update_linear, rnn_tanh, rnn_relu,
};

}  // namespace

const RecurrentKernels CONVOY_PER_ISA(recurrent_kernels) = kRecurrentKernels;

}  // namespace convoy
