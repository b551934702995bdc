// LSTM, GRU and RNN on a GPU, float32: one launch for all steps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/kernels/elementwise/formula.h"

namespace convoy::cuda {

enum class RecurrentCell : int32_t { lstm, gru, rnn };

// Operands as ONNX has them, contiguous; those that are left out are nullptr.
struct Recurrent {
  // scale · f(inner · x) + shift
  struct Activation {
    elementwise::Formula formula = elementwise::Formula::kTanh;
    float parameters[elementwise::kMaxParameters] = {};
    float inner = 1, scale = 1, shift = 0;
  };

  const float* x = nullptr;
  const float* w = nullptr;
  const float* r = nullptr;
  const float* bias = nullptr;
  const int32_t* lengths = nullptr;  // each within [0, steps]
  const float* initial_h = nullptr;
  const float* initial_c = nullptr;
  const float* peephole = nullptr;
  float* y = nullptr;
  float* y_h = nullptr;
  float* y_c = nullptr;
  int64_t steps = 0, batch = 0, inputs = 0, hidden = 0;
  int32_t directions = 1;
  RecurrentCell cell = RecurrentCell::rnn;
  bool first_is_reverse = false;
  bool batch_first = false;
  bool input_forget = false;
  bool linear_before_reset = false;
  float clip = 0;               // 0: none
  Activation activation[2][3];  // of each direction
};

// Shared memory for a state of so many numbers: hidden and cell state, four gates, one more.
inline size_t recurrent_shared_bytes(int64_t hidden) {
  return static_cast<size_t>(7 * ((hidden + 3) / 4 * 4)) * sizeof(float);
}
inline constexpr size_t kMostRecurrentShared = 96 * 1024;  // bytes, of any GPU since 2020

}  // namespace convoy::cuda
