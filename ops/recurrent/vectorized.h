// LSTM, GRU and RNN in float32 with packed weights: the input's part of the gates as one product
// for many steps, the state's part as one product a step. Directions and parts of the batch are
// independent of each other and run in parallel; for large states the product of a step does.
#pragma once

#include <memory>
#include <span>

#include "ops/kernels/recurrent/recurrent.h"
#include "ops/recurrent/recurrent.h"

namespace convoy {

// Gates whose state product happens at once, `gates` · hidden columns padded to whole panels.
struct GateGroup {
  int64_t first_gate = 0;
  int64_t gates = 0;
  int64_t column = 0;
  int64_t width = 0;
};

// Columns of a row of gates, and how many floats the scratch areas take.
struct RecurrentSizes {
  GateGroup groups[2];  // the second is empty but for GRU
  int group_count = 1;
  int64_t columns = 0;
  int64_t state = 0;       // of one row of hidden, cell or reset
  int64_t parameters = 0;  // of one direction: bias, recurrent bias, peephole weights
  int64_t unit_rows = 0;   // batch entries in one unit of work
  int64_t block_steps = 0;
  int64_t unit = 0;  // of one unit of work
  int64_t units = 0;
  bool parallel_steps = false;  // units run one after the other

  int64_t block_rows() const { return unit_rows * block_steps; }
};

class VectorizedRecurrent : public Kernel {
 public:
  VectorizedRecurrent(const Recurrent& node, KernelRequest& request);

  void run(KernelContext& context) const override;

 private:
  // One direction of some neighbouring batch entries, and its memory.
  struct Unit {
    int64_t direction;
    int64_t first_row;
    int64_t rows;
    const float* w;
    const float* r;
    const float* bias;
    const float* recurrent_bias;
    const float* peephole;
    const float** a;
    const float** init;
    float** out;
    float* block;  // the input's part of the gates, [step][row][columns]
    float* gates;  // [row][columns]
    float* hidden;
    float* cell;
    float* reset;
  };

  std::shared_ptr<const Buffer> pack_constant(KernelRequest& request, int i, int64_t k,
                                              int64_t* scratch_at);
  const float* weights(KernelContext& context, int i, const std::shared_ptr<const Buffer>& packed,
                       int64_t k, int64_t scratch_at) const;
  void prepare_parameters(KernelContext& context, float* to) const;
  Unit make_unit(KernelContext& context, int64_t index, const float* w, const float* r) const;
  void run_unit(KernelContext& context, const Unit& unit, std::span<const int64_t> lengths) const;
  void load_state(KernelContext& context, const Unit& unit) const;
  void store_state(KernelContext& context, const Unit& unit) const;
  void input_gates(KernelContext& context, const Unit& unit, std::span<const int64_t> lengths,
                   int64_t first_step, int64_t steps) const;
  void step(KernelContext& context, const Unit& unit, std::span<const int64_t> lengths, int64_t s,
            const float* block) const;
  void round_state(const Unit& unit, std::span<const int64_t> lengths, int64_t s,
                   int64_t count) const;
  void update(const Unit& unit, int64_t row, const float* block) const;
  int64_t time_of(const Unit& unit, int64_t length, int64_t s) const {
    return node_.reverse(unit.direction) ? length - 1 - s : s;
  }
  void multiply(ThreadPool* threads, const Unit& unit, int64_t rows, const GateGroup& group,
                const float* packed, int64_t k) const;

  Recurrent node_;
  RecurrentSizes sizes_;
  const RecurrentKernels& kernels_;
  int64_t step_stride_;
  int64_t batch_stride_;
  bool relu_;
  int64_t floats_;
  int64_t lengths_at_ = 0;  // in the scratch, counted in int64
  int64_t w_at_ = 0;
  int64_t r_at_ = 0;
  std::shared_ptr<const Buffer> packed_w_;
  std::shared_ptr<const Buffer> packed_r_;
};

}  // namespace convoy
