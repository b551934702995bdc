#include "ops/conv/conv_cost.h"

#include "runtime/device/machine.h"
#include "runtime/op/work.h"

namespace convoy {
namespace {

// Shares of the FMA peak that oneDNN's kernels reach.
constexpr double kBlocked = 0.85, kDepthwise = 0.55;
constexpr double kFirstLayer = 0.6, kWideFirstLayer = 0.85;  // of 8 and of 16 lanes
constexpr double kProduct = 0.9;
constexpr double kChange = 0.05;  // what a change of layouts must promise: estimates err

double multiply_adds(const KernelRequest& request) {
  return multiply_adds_of_conv(request.node(), OperandTypes::of(request.inputs, request.outputs));
}

bool is_depthwise(const ConvShape& shape) { return shape.groups > 1 && shape.group_in() == 1; }

// From blocks to plain tensors and back, or the other way round: what a kernel costs for being
// alone in its layout among its neighbours.
double detour_seconds(const KernelRequest& request) {
  const Machine machine = machine_of(request.isa);
  return machine.seconds(2 * Machine::kStep) +
         machine.seconds_to_move(request.input(0).count() + request.output(0).count());
}

// Of weights that come from the second- or third-level cache.
double weight_cycles(const KernelRequest& request) {
  return Machine::kWeight * static_cast<double>(request.input(1).count());
}

bool has_plain_input(const KernelRequest& request) { return request.input(0).layout.plain(); }

}  // namespace

double planned_seconds(const KernelRequest& request, const kernels::ConvProblem& problem,
                       double cycles) {
  double positions = 1;
  for (int i = 0; i < 2; ++i) {
    positions *=
        static_cast<double>(problem.batch[i].size) * static_cast<double>(problem.group[i].size);
  }
  for (int i = 0; i < problem.rank; ++i) {
    positions *= static_cast<double>(problem.spatial[i].output_size);
  }
  const double detour = has_plain_input(request) ? 0 : detour_seconds(request);
  return machine_of(request.isa).seconds(cycles * positions) + detour;
}

double blocked_seconds(const KernelRequest& request, const ConvShape& shape) {
  const Machine machine = machine_of(request.isa);
  const bool depthwise = is_depthwise(shape);
  const bool reads_plain = shape.in_channels < machine.lanes;
  const double first_layer = machine.lanes == 16 ? kWideFirstLayer : kFirstLayer;
  const double share = reads_plain ? first_layer : depthwise ? kDepthwise : kBlocked;
  const double seconds = machine.seconds_of(multiply_adds(request) / share) +
                         machine.seconds(Machine::kCall + weight_cycles(request));
  // Depthwise convolutions have neighbours that stay in blocks with them.
  if (!has_plain_input(request)) return depthwise ? seconds : seconds * (1 - kChange);
  if (depthwise) {
    return seconds + machine.seconds(Machine::kStep) +
           machine.seconds_to_move(request.input(0).count());
  }
  return (seconds + machine.seconds(Machine::kCode) + detour_seconds(request)) * (1 + kChange);
}

double product_seconds(const KernelRequest& request) {
  const Machine machine = machine_of(request.isa);
  return machine.seconds_of(multiply_adds(request) / kProduct) +
         machine.seconds(weight_cycles(request)) +
         (has_plain_input(request) ? 0 : detour_seconds(request));
}

}  // namespace convoy
