// What LSTM, GRU and RNN share: attributes, sizes and where operands lie.
//
// ai.convoy::QuantizedStateLSTM is LSTM, but each step multiplies R by the state as 8-bit integers
// hold it: quantized with one scale and zero point for all batch entries of the direction, as
// DynamicQuantizeLinear does. An entry that is past its end counts for one more step.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "ops/kernels/elementwise/loops.h"
#include "runtime/op/kernel.h"

namespace convoy {

enum class Cell { kLstm, kGru, kRnn };

// y = scale · f(inner · x) + shift.
struct GateActivation {
  elementwise::Formula formula = elementwise::Formula::kTanh;
  float parameters[elementwise::kMaxParameters] = {};
  double inner = 1;
  double scale = 1;
  double shift = 0;

  double operator()(double x) const;
  friend bool operator==(const GateActivation&, const GateActivation&) = default;
};

// Operand numbers; kInitialC, kP and kYc belong to LSTM alone.
inline constexpr int kX = 0, kW = 1, kR = 2, kB = 3, kSequenceLens = 4, kInitialH = 5,
                     kInitialC = 6, kP = 7;
inline constexpr int kY = 0, kYh = 1, kYc = 2;

struct Recurrent {
  Cell cell = Cell::kRnn;
  int64_t steps = 0;
  int64_t batch = 0;
  int64_t inputs = 0;
  int64_t hidden = 0;
  int64_t gates = 1;  // 4, 3, 1
  int64_t directions = 1;
  bool first_is_reverse = false;
  bool batch_first = false;                 // layout 1
  std::vector<GateActivation> activations;  // of one direction after the other
  double clip = 0;                          // 0: none
  bool input_forget = false;
  bool linear_before_reset = false;
  bool quantizes_state = false;

  bool reverse(int64_t direction) const { return first_is_reverse || direction == 1; }
  int64_t activations_per_direction() const {
    return static_cast<int64_t>(activations.size()) / directions;
  }
  // Element offsets into contiguous Y and into initial_h, initial_c, Y_h, Y_c.
  int64_t y_at(int64_t t, int64_t direction, int64_t b) const {
    return ((batch_first ? b * steps + t : t) * directions + direction) *
               (batch_first ? hidden : batch * hidden) +
           (batch_first ? 0 : b * hidden);
  }
  int64_t state_at(int64_t direction, int64_t b) const {
    return (batch_first ? b * directions + direction : direction * batch + b) * hidden;
  }
};

// Rounds values between `low` and `high` to the 256 that DynamicQuantizeLinear tells apart.
class StateRounding {
 public:
  StateRounding(float low, float high) {
    low = std::min(low, 0.0f);
    high = std::max(high, 0.0f);
    scale_ = (high == low ? 1.0f : high - low) / 255.0f;
    zero_ = std::nearbyint(-low / scale_);
  }
  float operator()(float value) const {
    float steps = std::nearbyint(value / scale_);
    return std::min(std::max(steps, -zero_), 255.0f - zero_) * scale_;
  }

 private:
  float scale_;
  float zero_;
};

// Reads attributes and shapes; throws where they do not agree.
Recurrent read_recurrent(const KernelRequest& request);

// Fills in the number of steps for each batch entry, `steps` where sequence_lens is left out;
// throws kInvalidInput for a length outside [0, steps].
void read_sequence_lengths(const Recurrent& node, const KernelContext& context,
                           std::span<int64_t> lengths);

std::unique_ptr<Kernel> make_recurrent_reference(KernelRequest& request);
std::unique_ptr<Kernel> make_recurrent_vectorized(KernelRequest& request);
// On a GPU, float32.
std::unique_ptr<Kernel> make_cuda_recurrent(KernelRequest& request);

}  // namespace convoy
