#include "ops/kernels/cuda/elementwise_program.h"

#include "ops/kernels/cuda/formulas.h"
#include "ops/kernels/cuda/load_store.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

using Program = ElementwiseProgram;

__device__ float operand(const Program::Step& step, int k, const float* inputs,
                         const float* results) {
  switch (step.source[k]) {
    case Program::Source::input: return inputs[step.index[k]];
    case Program::Source::step: return results[step.index[k]];
    default: return step.constant[k];
  }
}

__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    run(const __grid_constant__ Program program) {
  for (int64_t i = gpu::first_index(); i < program.count; i += gpu::index_step()) {
    int64_t offset[Program::kMaxOperands] = {};
    int64_t rest = i;
    for (int axis = program.rank - 1; axis >= 0; --axis) {
      const int64_t at = rest % program.size[axis];
      rest /= program.size[axis];
      for (int k = 0; k < program.outputs + program.inputs; ++k) {
        offset[k] += at * program.tensor[k].step[axis];
      }
    }
    float inputs[Program::kMaxOperands];
    for (int k = 0; k < program.inputs; ++k) {
      const Program::Tensor& tensor = program.tensor[program.outputs + k];
      inputs[k] = load(tensor.data, offset[program.outputs + k], tensor.stored);
    }
    float results[Program::kMaxSteps];
    for (int s = 0; s < program.steps; ++s) {
      const Program::Step& step = program.step[s];
      results[s] =
          apply(step.formula, operand(step, 0, inputs, results), operand(step, 1, inputs, results),
                operand(step, 2, inputs, results), step.parameters);
    }
    for (int j = 0; j < program.outputs; ++j) {
      const Program::Tensor& tensor = program.tensor[j];
      store(tensor.data, offset[j], tensor.stored, results[program.output_step[j]]);
    }
  }
}

CONVOY_CUDA_LAUNCH(elementwise_program, ElementwiseProgram) {
  return gpu::launch(run, gpu::grid_for(problem.count), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
