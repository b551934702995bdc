#include "runtime/onnx/size_names.h"

#include <atomic>

#include <fmt/format.h>

namespace convoy {

bool is_own_name(const std::string& symbol) { return !symbol.empty() && symbol[0] == '?'; }

ValueType with_own_names(ValueType type) {
  static std::atomic<uint64_t> names{0};
  if (!type.is_tensor() || !type.shape) return type;
  for (Dimension& dimension : *type.shape) {
    if (dimension.known() || !dimension.symbol.empty()) continue;
    dimension.symbol = fmt::format("?{}", names.fetch_add(1) + 1);
  }
  return type;
}

ValueType without_own_names(ValueType type) {
  if (type.element) {
    type.element = std::make_shared<const ValueType>(without_own_names(*type.element));
  }
  if (!type.shape) return type;
  for (Dimension& dimension : *type.shape) {
    if (is_own_name(dimension.symbol)) dimension.symbol.clear();
  }
  return type;
}

}  // namespace convoy
