#include "ops/elementwise/typed_kernel.h"

#include "ops/elementwise/legacy_broadcast.h"

namespace convoy::elementwise {

StridedWalk walk_of(const KernelContext& context, int inputs, int trailing_axes) {
  const TensorDesc* descs[kMaxOperands] = {&context.output(0)};
  check_internal(inputs + 1 <= kMaxOperands, "{} operands in one walk", inputs + 1);
  for (int i = 0; i < inputs; ++i) descs[i + 1] = &context.input(i);
  TensorDesc second;
  if (trailing_axes > 0) {
    second = with_trailing_axes(context.input(1), trailing_axes);
    descs[2] = &second;
  }
  return StridedWalk({descs, static_cast<size_t>(inputs) + 1});
}

}  // namespace convoy::elementwise
