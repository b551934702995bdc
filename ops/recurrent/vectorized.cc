// What vectorized.h does before the first step: sizes, packed weights, parameters, units of work.
#include "ops/recurrent/vectorized.h"

#include <cstring>

#include "runtime/base/divide_up.h"

namespace convoy {
namespace {

using elementwise::Formula;

constexpr int64_t kBlockRows = 256;
constexpr int64_t kParallelStep = 1 << 18;  // multiplications in a step worth several threads

// Pointers take the room of two floats each.
int64_t pointer_floats(int64_t rows) { return round_up(3 * 2 * rows, 16); }

RecurrentSizes size_up(const Recurrent& node, int threads) {
  RecurrentSizes sizes;
  const int64_t h = node.hidden;
  const bool gru = node.cell == Cell::kGru;
  sizes.group_count = gru ? 2 : 1;
  sizes.groups[0] = {0, gru ? 2 : node.gates, 0, 0};
  sizes.groups[1] = {2, gru ? 1 : 0, 0, 0};
  for (GateGroup& group : sizes.groups) {
    group.column = sizes.columns;
    group.width = round_up(group.gates * h, kPanel);
    sizes.columns += group.width;
  }
  sizes.state = round_up(h, 16) + kSlack;
  sizes.parameters = 2 * sizes.columns + round_up(3 * h, 16) + kSlack;
  sizes.parallel_steps =
      threads > node.directions && node.batch * sizes.columns * h >= kParallelStep;
  bool whole_batch = sizes.parallel_steps || node.quantizes_state;
  const int64_t wanted = whole_batch ? 1 : std::max<int64_t>(1, threads / node.directions);
  sizes.unit_rows = std::max<int64_t>(1, (node.batch + wanted - 1) / wanted);
  sizes.units = node.directions * ((node.batch + sizes.unit_rows - 1) / sizes.unit_rows);
  sizes.block_steps = std::max<int64_t>(1, std::min(node.steps, kBlockRows / sizes.unit_rows));
  sizes.unit = pointer_floats(sizes.block_rows()) +
               (sizes.block_rows() + sizes.unit_rows) * sizes.columns + kSlack +
               3 * sizes.unit_rows * sizes.state;
  return sizes;
}

// [directions][gates · hidden][k] to panels, one group after the other.
void pack(const Recurrent& node, const RecurrentSizes& sizes, const float* from, int64_t k,
          float* to) {
  for (int64_t d = 0; d < node.directions; ++d) {
    for (const GateGroup& group : sizes.groups) {
      const float* rows = from + (d * node.gates + group.first_gate) * node.hidden * k;
      const int64_t valid = group.gates * node.hidden;
      for (int64_t column = 0; column < group.width; ++column) {
        float* panel = to + column / kPanel * kPanel * k + column % kPanel;
        for (int64_t p = 0; p < k; ++p) {
          panel[p * kPanel] = column < valid ? rows[column * k + p] : 0.0f;
        }
      }
      to += group.width * k;
    }
  }
}

bool has_default_activations(const Recurrent& node) {
  const size_t per = static_cast<size_t>(node.activations_per_direction());
  for (size_t i = 0; i < node.activations.size(); ++i) {
    const GateActivation& activation = node.activations[i];
    if (node.cell == Cell::kRnn) {
      const bool known = activation == GateActivation{Formula::kTanh} ||
                         activation == GateActivation{Formula::kRelu};
      if (!known || !(activation == node.activations[0])) return false;
    } else if (!(activation == GateActivation{i % per == 0 ? Formula::kSigmoid : Formula::kTanh})) {
      return false;
    }
  }
  return true;
}

}  // namespace

VectorizedRecurrent::VectorizedRecurrent(const Recurrent& node, KernelRequest& request)
    : node_(node),
      sizes_(size_up(node, request.threads)),
      kernels_(recurrent_kernels(request.isa)) {
  Strides x = contiguous_strides(request.input(kX).shape);
  if (request.input(kX).strides[2] == 1) {
    request.accept_strides(kX);
    x = request.input(kX).strides;
  }
  step_stride_ = x[node.batch_first ? 1 : 0];
  batch_stride_ = x[node.batch_first ? 0 : 1];
  relu_ = node.activations[0].formula == Formula::kRelu;
  floats_ = node.directions * sizes_.parameters + sizes_.units * sizes_.unit;
  packed_w_ = pack_constant(request, kW, node.inputs, &w_at_);
  packed_r_ = pack_constant(request, kR, node.hidden, &r_at_);
  lengths_at_ = (floats_ + 1) / 2;
  request.use_scratch(static_cast<size_t>(lengths_at_ + node.batch) * sizeof(int64_t));
}

std::shared_ptr<const Buffer> VectorizedRecurrent::pack_constant(KernelRequest& request, int i,
                                                                 int64_t k, int64_t* scratch_at) {
  const int64_t count = node_.directions * sizes_.columns * k;
  const Tensor* constant = request.constant(i);
  if (constant == nullptr || request.weights == nullptr) {
    *scratch_at = floats_;
    floats_ += round_up(count, 16);
    return nullptr;
  }
  auto fill = [&](void* to) {
    const Tensor plain = constant->contiguous();
    pack(node_, sizes_, plain.data<float>(), k, static_cast<float*>(to));
  };
  const std::string format = fmt::format("recurrent panels of {} gates", node_.gates);
  return request.weights->get(*constant, format, static_cast<size_t>(count) * sizeof(float), fill);
}

const float* VectorizedRecurrent::weights(KernelContext& context, int i,
                                          const std::shared_ptr<const Buffer>& packed, int64_t k,
                                          int64_t scratch_at) const {
  if (packed) return reinterpret_cast<const float*>(packed->data());
  float* to = reinterpret_cast<float*>(context.scratch()) + scratch_at;
  pack(node_, sizes_, context.input(i).as<float>(), k, to);
  return to;
}

// For each direction: the bias that joins the input's part, the bias of the second group's state
// part where that is kept apart, peephole weights.
void VectorizedRecurrent::prepare_parameters(KernelContext& context, float* to) const {
  const int64_t h = node_.hidden;
  std::memset(to, 0, static_cast<size_t>(node_.directions * sizes_.parameters) * sizeof(float));
  for (int64_t d = 0; d < node_.directions; ++d, to += sizes_.parameters) {
    float* recurrent = to + sizes_.columns;
    if (context.has_input(kB)) {
      const float* from = context.input(kB).as<float>() + d * 2 * node_.gates * h;
      for (const GateGroup& group : sizes_.groups) {
        const bool apart = group.first_gate > 0 && node_.linear_before_reset;
        for (int64_t k = 0; k < group.gates * h; ++k) {
          const int64_t at = group.first_gate * h + k;
          const float state_bias = from[node_.gates * h + at];
          to[group.column + k] = apart ? from[at] : from[at] + state_bias;
          recurrent[group.column + k] = apart ? state_bias : 0.0f;
        }
      }
    }
    if (node_.cell == Cell::kLstm && context.has_input(kP)) {
      std::memcpy(to + 2 * sizes_.columns, context.input(kP).as<float>() + d * 3 * h,
                  static_cast<size_t>(3 * h) * sizeof(float));
    }
  }
}

VectorizedRecurrent::Unit VectorizedRecurrent::make_unit(KernelContext& context, int64_t index,
                                                         const float* w, const float* r) const {
  const int64_t per_direction = sizes_.units / node_.directions;
  float* scratch = reinterpret_cast<float*>(context.scratch());
  Unit unit{};
  unit.direction = index / per_direction;
  unit.first_row = index % per_direction * sizes_.unit_rows;
  unit.rows = std::min(sizes_.unit_rows, node_.batch - unit.first_row);
  unit.w = w + unit.direction * sizes_.columns * node_.inputs;
  unit.r = r + unit.direction * sizes_.columns * node_.hidden;
  unit.bias = scratch + unit.direction * sizes_.parameters;
  unit.recurrent_bias = unit.bias + sizes_.columns;
  const bool has_peephole = node_.cell == Cell::kLstm && context.has_input(kP);
  unit.peephole = has_peephole ? unit.recurrent_bias + sizes_.columns : nullptr;
  float* memory = scratch + node_.directions * sizes_.parameters + index * sizes_.unit;
  const int64_t block_rows = sizes_.block_rows();
  unit.a = reinterpret_cast<const float**>(memory);
  unit.init = unit.a + block_rows;
  unit.out = reinterpret_cast<float**>(memory) + 2 * block_rows;
  unit.block = memory + pointer_floats(block_rows);
  unit.gates = unit.block + block_rows * sizes_.columns;
  unit.hidden = unit.gates + sizes_.unit_rows * sizes_.columns + kSlack;
  unit.cell = unit.hidden + sizes_.unit_rows * sizes_.state;
  unit.reset = unit.cell + sizes_.unit_rows * sizes_.state;
  return unit;
}

void VectorizedRecurrent::run(KernelContext& context) const {
  std::span<int64_t> lengths(reinterpret_cast<int64_t*>(context.scratch()) + lengths_at_,
                             static_cast<size_t>(node_.batch));
  read_sequence_lengths(node_, context, lengths);
  const float* w = weights(context, kW, packed_w_, node_.inputs, w_at_);
  const float* r = weights(context, kR, packed_r_, node_.hidden, r_at_);
  prepare_parameters(context, reinterpret_cast<float*>(context.scratch()));
  if (context.has_output(kY) && context.has_input(kSequenceLens)) {
    const TensorView& y = context.output(kY);
    std::memset(y.data, 0, static_cast<size_t>(y.count()) * sizeof(float));
  }
  auto units = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) run_unit(context, make_unit(context, i, w, r), lengths);
  };
  if (sizes_.parallel_steps || sizes_.units == 1) return units(0, sizes_.units);
  context.threads().parallel_for(sizes_.units, 1, units);
}

std::unique_ptr<Kernel> make_recurrent_vectorized(KernelRequest& request) {
  if (request.input(kX).dtype != DType::kFloat32) return request.refuse("only for float32");
  const Recurrent node = read_recurrent(request);
  if (!has_default_activations(node)) return request.refuse("only for the default activations");
  if (node.clip > 0) return request.refuse("does not clip");
  if (node.input_forget) return request.refuse("has no coupled input and forget gates");
  if (node.hidden == 0 || node.batch == 0) return request.refuse("nothing to vectorize");
  return std::make_unique<VectorizedRecurrent>(node, request);
}

}  // namespace convoy
