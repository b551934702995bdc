#include "runtime/graph/value_type.h"

namespace convoy {

ValueType ValueType::tensor(DType dtype, const Shape& shape) {
  std::vector<Dimension> dimensions;
  for (int64_t size : shape) dimensions.push_back({size, {}});
  return tensor(dtype, std::move(dimensions));
}

bool ValueType::is_static() const { return static_shape().has_value(); }

std::optional<Shape> ValueType::static_shape() const {
  if (!shape || shape->size() > kMaxRank) return std::nullopt;
  Shape result;
  for (const Dimension& dimension : *shape) {
    if (!dimension.known()) return std::nullopt;
    result.push_back(dimension.size);
  }
  return result;
}

bool operator==(const ValueType& a, const ValueType& b) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.shape != b.shape) return false;
  if ((a.element == nullptr) != (b.element == nullptr)) return false;
  return a.element == nullptr || *a.element == *b.element;
}

std::string to_string(const ValueType& type) {
  switch (type.kind) {
    case ValueType::Kind::kUnknown: return "unknown";
    case ValueType::Kind::kSequence: return "sequence(" + to_string(*type.element) + ")";
    case ValueType::Kind::kOptional: return "optional(" + to_string(*type.element) + ")";
    case ValueType::Kind::kMap:
      return fmt::format("map({}, {})", to_string(type.dtype), to_string(*type.element));
    case ValueType::Kind::kTensor:
    case ValueType::Kind::kSparseTensor: break;
  }
  std::string text(to_string(type.dtype));
  if (!type.shape) return text + "[...]";
  text += "[";
  for (size_t i = 0; i < type.shape->size(); ++i) {
    const Dimension& dimension = (*type.shape)[i];
    if (i > 0) text += ",";
    text += dimension.known() ? std::to_string(dimension.size)
                              : (dimension.symbol.empty() ? "?" : dimension.symbol);
  }
  return text + "]";
}

}  // namespace convoy
