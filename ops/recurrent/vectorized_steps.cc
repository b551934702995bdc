// A unit of work of vectorized.h, step by step.
#include <cstring>

#include "ops/recurrent/vectorized.h"

namespace convoy {

// out = init + a · weights for the first `rows` pointers of the unit and one group's columns.
void VectorizedRecurrent::multiply(ThreadPool* threads, const Unit& unit, int64_t rows,
                                   const GateGroup& group, const float* packed, int64_t k) const {
  auto panels = [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t column = group.column + panel * kPanel;
      kernels_.multiply_panel(unit.a, rows, packed + column * k, k, unit.init, unit.out, column);
    }
  };
  const int64_t count = group.width / kPanel;
  if (threads == nullptr) return panels(0, count);
  threads->parallel_for(count, std::max<int64_t>(1, (1 << 16) / (rows * kPanel * k + 1)), panels);
}

void VectorizedRecurrent::load_state(KernelContext& context, const Unit& unit) const {
  const auto bytes = static_cast<size_t>(node_.hidden) * sizeof(float);
  const auto all = static_cast<size_t>(3 * sizes_.unit_rows * sizes_.state) * sizeof(float);
  std::memset(unit.hidden, 0, all);
  for (int64_t row = 0; row < unit.rows; ++row) {
    const int64_t at = node_.state_at(unit.direction, unit.first_row + row);
    if (context.has_input(kInitialH)) {
      const float* from = context.input(kInitialH).as<float>() + at;
      std::memcpy(unit.hidden + row * sizes_.state, from, bytes);
    }
    if (node_.cell == Cell::kLstm && context.has_input(kInitialC)) {
      const float* from = context.input(kInitialC).as<float>() + at;
      std::memcpy(unit.cell + row * sizes_.state, from, bytes);
    }
  }
}

void VectorizedRecurrent::store_state(KernelContext& context, const Unit& unit) const {
  const auto bytes = static_cast<size_t>(node_.hidden) * sizeof(float);
  for (int64_t row = 0; row < unit.rows; ++row) {
    const int64_t at = node_.state_at(unit.direction, unit.first_row + row);
    if (context.has_output(kYh)) {
      std::memcpy(context.output(kYh).as<float>() + at, unit.hidden + row * sizes_.state, bytes);
    }
    if (node_.cell == Cell::kLstm && context.has_output(kYc)) {
      std::memcpy(context.output(kYc).as<float>() + at, unit.cell + row * sizes_.state, bytes);
    }
  }
}

void VectorizedRecurrent::input_gates(KernelContext& context, const Unit& unit,
                                      std::span<const int64_t> lengths, int64_t first_step,
                                      int64_t steps) const {
  const float* x = context.input(kX).as<float>();
  int64_t count = 0;
  for (int64_t s = first_step; s < first_step + steps; ++s) {
    for (int64_t row = 0; row < unit.rows; ++row) {
      const int64_t b = unit.first_row + row;
      const int64_t length = lengths[static_cast<size_t>(b)];
      if (s >= length) continue;
      unit.a[count] = x + time_of(unit, length, s) * step_stride_ + b * batch_stride_;
      unit.init[count] = unit.bias;
      unit.out[count] = unit.block + ((s - first_step) * unit.rows + row) * sizes_.columns;
      ++count;
    }
  }
  const GateGroup whole{0, node_.gates, 0, sizes_.columns};
  multiply(&context.threads(), unit, count, whole, unit.w, node_.inputs);
}

// The state of one row after the first product; for GRU, after the second.
void VectorizedRecurrent::update(const Unit& unit, int64_t row, const float* block) const {
  const int64_t h = node_.hidden;
  const float* gates = unit.gates + row * sizes_.columns;
  const float* input = block + row * sizes_.columns;
  float* hidden = unit.hidden + row * sizes_.state;
  const int64_t second = sizes_.groups[1].column;
  if (node_.cell == Cell::kLstm) {
    kernels_.lstm_cell(gates, unit.peephole, unit.cell + row * sizes_.state, hidden, h);
  } else if (node_.cell == Cell::kRnn) {
    (relu_ ? kernels_.rnn_relu : kernels_.rnn_tanh)(gates, hidden, h);
  } else if (node_.linear_before_reset) {
    kernels_.gru_update_linear(gates, gates + h, input + second, gates + second, hidden, h);
  } else {
    kernels_.gru_update(gates, gates + second, hidden, h);
  }
}

// Has the unit's first `count` pointers name rounded copies of the states.
void VectorizedRecurrent::round_state(const Unit& unit, std::span<const int64_t> lengths, int64_t s,
                                      int64_t count) const {
  const int64_t h = node_.hidden;
  float low = 0;
  float high = 0;
  for (int64_t row = 0; row < unit.rows; ++row) {
    if (s > lengths[static_cast<size_t>(unit.first_row + row)]) continue;
    const float* state = unit.hidden + row * sizes_.state;
    for (int64_t k = 0; k < h; ++k) {
      low = std::min(low, state[k]);
      high = std::max(high, state[k]);
    }
  }
  const StateRounding round(low, high);
  for (int64_t i = 0; i < count; ++i) {
    float* rounded = unit.reset + i * sizes_.state;
    for (int64_t k = 0; k < h; ++k) rounded[k] = round(unit.a[i][k]);
    unit.a[i] = rounded;
  }
}

void VectorizedRecurrent::step(KernelContext& context, const Unit& unit,
                               std::span<const int64_t> lengths, int64_t s,
                               const float* block) const {
  const int64_t h = node_.hidden;
  auto active = [&](int64_t row) { return s < lengths[static_cast<size_t>(unit.first_row + row)]; };
  int64_t count = 0;
  for (int64_t row = 0; row < unit.rows; ++row) {
    if (!active(row)) continue;
    unit.a[count] = unit.hidden + row * sizes_.state;
    unit.init[count] = block + row * sizes_.columns;
    unit.out[count] = unit.gates + row * sizes_.columns;
    ++count;
  }
  if (node_.quantizes_state) round_state(unit, lengths, s, count);
  ThreadPool* threads = sizes_.parallel_steps ? &context.threads() : nullptr;
  multiply(threads, unit, count, sizes_.groups[0], unit.r, h);
  if (node_.cell == Cell::kGru) {
    count = 0;
    for (int64_t row = 0; row < unit.rows; ++row) {
      if (!active(row)) continue;
      float* reset = unit.reset + row * sizes_.state;
      kernels_.gru_gates(unit.gates + row * sizes_.columns, unit.hidden + row * sizes_.state, reset,
                         h);
      if (node_.linear_before_reset) {
        unit.init[count] = unit.recurrent_bias;
      } else {
        unit.a[count] = reset;
      }
      ++count;
    }
    multiply(threads, unit, count, sizes_.groups[1], unit.r, h);
  }
  for (int64_t row = 0; row < unit.rows; ++row) {
    if (!active(row)) continue;
    update(unit, row, block);
    if (!context.has_output(kY)) continue;
    const int64_t b = unit.first_row + row;
    const int64_t t = time_of(unit, lengths[static_cast<size_t>(b)], s);
    std::memcpy(context.output(kY).as<float>() + node_.y_at(t, unit.direction, b),
                unit.hidden + row * sizes_.state, static_cast<size_t>(h) * sizeof(float));
  }
}

void VectorizedRecurrent::run_unit(KernelContext& context, const Unit& unit,
                                   std::span<const int64_t> lengths) const {
  load_state(context, unit);
  for (int64_t first = 0; first < node_.steps; first += sizes_.block_steps) {
    const int64_t steps = std::min(sizes_.block_steps, node_.steps - first);
    input_gates(context, unit, lengths, first, steps);
    for (int64_t s = 0; s < steps; ++s) {
      step(context, unit, lengths, first + s, unit.block + s * unit.rows * sizes_.columns);
    }
  }
  store_state(context, unit);
}

}  // namespace convoy
