// An elementwise program (ops/kernels/elementwise/program.h) over strided operands of a GPU.
#pragma once

#include <cstdint>

#include "ops/kernels/cuda/elements.h"
#include "ops/kernels/elementwise/formula.h"

namespace convoy::cuda {

struct ElementwiseProgram {
  static constexpr int kMaxAxes = 8;
  static constexpr int kMaxOperands = 16;
  static constexpr int kMaxSteps = 32;

  struct Tensor {
    void* data;
    Stored stored;
    int64_t step[kMaxAxes];  // in elements, along each axis
  };
  enum class Source : uint8_t { input, step, constant };
  struct Step {
    elementwise::Formula formula;
    Source source[elementwise::kMaxArity];
    uint8_t index[elementwise::kMaxArity];  // of the input or the earlier step
    float constant[elementwise::kMaxArity];
    float parameters[elementwise::kMaxParameters];
  };

  int64_t count;
  int32_t rank, outputs, inputs, steps;
  int64_t size[kMaxAxes];
  Tensor tensor[kMaxOperands];  // outputs, then inputs
  Step step[kMaxSteps];
  uint8_t output_step[kMaxOperands];
};

}  // namespace convoy::cuda
