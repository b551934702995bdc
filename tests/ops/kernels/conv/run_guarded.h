// Planned convolutions on arrays beyond whose ends every access faults.
#pragma once

#include <cstring>

#include "runtime/base/float16.h"
#include "tests/ops/kernels/conv/guarded_floats.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {

// Runs all tasks in the given number of calls, every array between guard pages.
template <typename Conv>
std::vector<float> run_guarded(const Conv& conv, const ConvData& data, int64_t calls, bool at_end) {
  GuardedFloats input(data.input, at_end), weights(data.weights, at_end), bias(data.bias, at_end);
  GuardedFloats residual(data.residual, at_end), output(data.output, at_end);
  GuardedFloats packed(conv.packed_weights_size(), at_end);
  const int64_t scratch_size = (conv.scratch_size() + 15) / 16 * 16;
  GuardedFloats scratch(scratch_size, at_end);
  std::memset(scratch.data(), 0xff, size_t(scratch_size) * sizeof(float));
  conv.pack_weights(weights.data(), packed.data());
  ConvOperands operands;
  operands.input = input.data() + data.input_origin;
  operands.packed_weights = packed.data();
  operands.bias = data.bias.empty() ? nullptr : bias.data();
  operands.residual = residual.data();
  operands.output = output.data();
  const int64_t tasks = conv.task_count();
  typename Conv::Run run(conv, operands, scratch.data());
  for (int64_t call = calls - 1; call >= 0; --call)
    run.run_tasks(tasks * call / calls, tasks * (call + 1) / calls);
  return std::vector<float>(output.data(), output.data() + data.output.size());
}

// The same where input, residual and output are Float16 or BFloat16, of which the data has values.
template <typename Half, typename Conv>
std::vector<float> run_guarded_half(const Conv& conv, const ConvData& data, int64_t calls,
                                    bool at_end) {
  auto narrow = [](const std::vector<float>& values) {
    return std::vector<Half>(values.begin(), values.end());
  };
  Guarded<Half> input(narrow(data.input), at_end), residual(narrow(data.residual), at_end);
  Guarded<Half> output(narrow(data.output), at_end);
  std::vector<float> packed(size_t(conv.packed_weights_size()));
  conv.pack_weights(data.weights.data(), packed.data());
  const int64_t scratch_size = (conv.scratch_size() + 15) / 16 * 16;
  GuardedFloats scratch(scratch_size, at_end);
  std::memset(scratch.data(), 0xff, size_t(scratch_size) * sizeof(float));
  ConvOperands operands;
  operands.half_input = reinterpret_cast<const uint16_t*>(input.data()) + data.input_origin;
  operands.packed_weights = packed.data();
  operands.bias = data.bias.empty() ? nullptr : data.bias.data();
  operands.half_residual = reinterpret_cast<const uint16_t*>(residual.data());
  operands.half_output = reinterpret_cast<uint16_t*>(output.data());
  const int64_t tasks = conv.task_count();
  typename Conv::Run run(conv, operands, scratch.data());
  for (int64_t call = calls - 1; call >= 0; --call)
    run.run_tasks(tasks * call / calls, tasks * (call + 1) / calls);
  return std::vector<float>(output.data(), output.data() + data.output.size());
}

}  // namespace convoy::kernels
