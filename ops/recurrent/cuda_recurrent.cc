// LSTM, GRU and RNN on a GPU.
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/recurrent.h"
#include "ops/recurrent/recurrent.h"

namespace convoy {
namespace {

// Without addresses.
cuda::Recurrent describe(const Recurrent& node) {
  cuda::Recurrent planned;
  planned.steps = node.steps;
  planned.batch = node.batch;
  planned.inputs = node.inputs;
  planned.hidden = node.hidden;
  planned.directions = static_cast<int32_t>(node.directions);
  planned.cell = node.cell == Cell::kLstm  ? cuda::RecurrentCell::lstm
                 : node.cell == Cell::kGru ? cuda::RecurrentCell::gru
                                           : cuda::RecurrentCell::rnn;
  planned.first_is_reverse = node.first_is_reverse;
  planned.batch_first = node.batch_first;
  planned.input_forget = node.input_forget;
  planned.linear_before_reset = node.linear_before_reset;
  planned.clip = static_cast<float>(node.clip);
  for (size_t i = 0; i < node.activations.size(); ++i) {
    const GateActivation& from = node.activations[i];
    const auto each = static_cast<size_t>(node.activations_per_direction());
    cuda::Recurrent::Activation& to = planned.activation[i / each][i % each];
    to.formula = from.formula;
    std::copy(std::begin(from.parameters), std::end(from.parameters), to.parameters);
    to.inner = static_cast<float>(from.inner);
    to.scale = static_cast<float>(from.scale);
    to.shift = static_cast<float>(from.shift);
  }
  return planned;
}

const float* input_of(const KernelContext& context, int i) {
  return context.has_input(i) ? context.input(i).as<const float>() : nullptr;
}
float* output_of(const KernelContext& context, int j) {
  return context.has_output(j) ? context.output(j).as<float>() : nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_recurrent(KernelRequest& request) {
  if (request.input(kX).dtype != DType::kFloat32) return request.refuse("only for float32");
  if (request.has_input(kSequenceLens)) return request.refuse("sequence_lens is given");
  const Recurrent node = read_recurrent(request);
  if (node.quantizes_state) return request.refuse("the state is quantized");
  if (cuda::recurrent_shared_bytes(node.hidden) > cuda::kMostRecurrentShared) {
    return request.refuse("the state does not fit shared memory");
  }
  if (node.batch == 0 || node.hidden == 0) return make_kernel([](KernelContext&) {});
  const bool lstm = node.cell == Cell::kLstm;
  return make_cuda_launch(request, "recurrent", describe(node),
                          [lstm](cuda::Recurrent& recurrent, KernelContext& context) {
                            recurrent.x = input_of(context, kX);
                            recurrent.w = input_of(context, kW);
                            recurrent.r = input_of(context, kR);
                            recurrent.bias = input_of(context, kB);
                            recurrent.initial_h = input_of(context, kInitialH);
                            recurrent.y = output_of(context, kY);
                            recurrent.y_h = output_of(context, kYh);
                            if (lstm) {
                              recurrent.initial_c = input_of(context, kInitialC);
                              recurrent.peephole = input_of(context, kP);
                              recurrent.y_c = output_of(context, kYc);
                            }
                          });
}

}  // namespace convoy
