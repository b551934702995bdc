#include "runtime/op/kernel.h"

#include <fmt/format.h>

namespace convoy {

void fail_missing_operand(int i) {
  fail(ErrorCode::kInvalidModel, "the node has no operand {}", i);
}

void KernelRequest::check_output(int j, const Shape& computed) const {
  if (!has_output(j) || output(j).dtype == DType::kUndefined) return;
  check_model(output(j).shape == computed, "output {} has the shape {}, but its inputs give {}", j,
              to_string(output(j).shape), to_string(computed));
}

std::optional<std::vector<int64_t>> KernelRequest::constant_int64s(int i) const {
  const Tensor* tensor = constant(i);
  if (tensor == nullptr) return std::nullopt;
  return to_int64s(*tensor);
}

Need& KernelRequest::at(std::vector<Need>& needs, int i) {
  if (needs.size() <= static_cast<size_t>(i)) needs.resize(static_cast<size_t>(i) + 1);
  return needs[static_cast<size_t>(i)];
}

Need KernelRequest::need(const std::vector<Need>& needs, size_t i,
                         const std::vector<TensorDesc>& asked) const {
  Need need = i < needs.size() ? needs[i] : Need{};
  need.device = device;
  if (i < asked.size()) need.dtype = asked[i].dtype;
  return need;
}

}  // namespace convoy
