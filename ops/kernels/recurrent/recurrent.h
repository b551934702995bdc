// Matrix products with packed weights, and gate arithmetic, for LSTM, GRU and RNN in float32.
#pragma once

#include <cstdint>

#include "runtime/device/per_isa.h"

namespace convoy {

// A weight matrix [n][k] is packed as ceil(n / kPanel) panels of [k][kPanel]: output columns side
// by side, the last panel filled with zeros.
inline constexpr int64_t kPanel = 64;
// Floats that may be read, and are ignored, after the last gate and state of a row.
inline constexpr int64_t kSlack = 16;

struct RecurrentKernels {
  // out[r][column + j] = init[r][column + j] + Σ_p a[r][p] · panel[p][j] for r < rows, j < kPanel.
  void (*multiply_panel)(const float* const* a, int64_t rows, const float* panel, int64_t k,
                         const float* const* init, float* const* out, int64_t column);

  // One row of LSTM: gates [4][n] in the order i o f c, before activation; peephole weights [3][n]
  // in the order i o f, or null. Updates cell and hidden in place; sigmoid, tanh, tanh.
  void (*lstm_cell)(const float* gates, const float* peephole, float* cell, float* hidden,
                    int64_t n);

  // One row of GRU: gates z r [2][n] before activation. Writes the sigmoid of both in place, and
  // reset = r · hidden.
  void (*gru_gates)(float* gates, const float* hidden, float* reset, int64_t n);
  // hidden = z · hidden + (1 - z) · tanh(candidate)
  void (*gru_update)(const float* z, const float* candidate, float* hidden, int64_t n);
  // As gru_update with tanh(x + r · recurrent): linear_before_reset.
  void (*gru_update_linear)(const float* z, const float* r, const float* x, const float* recurrent,
                            float* hidden, int64_t n);

  void (*rnn_tanh)(const float* gate, float* hidden, int64_t n);
  void (*rnn_relu)(const float* gate, float* hidden, int64_t n);
};

const RecurrentKernels& recurrent_kernels(Isa isa);

CONVOY_DECLARE_PER_ISA(extern const RecurrentKernels, recurrent_kernels);

}  // namespace convoy
