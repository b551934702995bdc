#include "runtime/session/input_check.h"

namespace convoy {
namespace {

bool fits_tensor(const ValueType& type, const TensorDesc& desc) {
  if (desc.dtype != type.dtype && type.dtype != DType::kUndefined) return false;
  if (!type.shape) return true;
  if (type.rank() != desc.rank()) return false;
  for (int i = 0; i < desc.rank(); ++i) {
    const Dimension& dimension = (*type.shape)[static_cast<size_t>(i)];
    if (dimension.known() && dimension.size != desc.shape[i]) return false;
  }
  return true;
}

bool fits_map(const ValueType& type, const Map& map) {
  bool strings = std::holds_alternative<std::vector<std::string>>(map.keys);
  if (strings != (type.dtype == DType::kString)) return false;
  return !type.element || type.element->dtype == DType::kUndefined ||
         map.values.dtype() == type.element->dtype;
}

bool fits(const ValueType& type, const Value& value) {
  switch (type.kind) {
    case ValueType::Kind::kUnknown: return true;
    case ValueType::Kind::kTensor:
    case ValueType::Kind::kSparseTensor:
      return value.is_tensor() && fits_tensor(type, value.tensor().desc());
    case ValueType::Kind::kMap: return value.is_map() && fits_map(type, value.map());
    case ValueType::Kind::kOptional:
      if (!value.is_optional()) return !type.element || fits(*type.element, value);
      return value.optional().empty() || !type.element ||
             fits(*type.element, *value.optional().element);
    case ValueType::Kind::kSequence:
      if (!value.is_sequence()) return false;
      for (const Value& element : value.sequence().elements) {
        if (type.element && !fits(*type.element, element)) return false;
      }
      return true;
  }
  return true;
}

}  // namespace

std::string describe_value(const Value& value) {
  if (value.is_tensor()) return to_string(value.tensor().desc());
  if (value.is_map()) {
    bool strings = std::holds_alternative<std::vector<std::string>>(value.map().keys);
    return fmt::format("a map of {} to {}", strings ? "string" : "int64",
                       to_string(value.map().values.dtype()));
  }
  if (value.is_sequence()) {
    const auto& elements = value.sequence().elements;
    if (elements.empty()) return "an empty sequence";
    std::string text = describe_value(elements[0]);
    for (size_t i = 1; i < elements.size(); ++i) {
      std::string other = describe_value(elements[i]);
      if (other != text) return fmt::format("a sequence of {}, {}, ...", text, other);
    }
    return "a sequence of " + text;
  }
  if (value.is_optional() && !value.optional().empty()) {
    return "an optional of " + describe_value(*value.optional().element);
  }
  return "nothing";
}

void check_input_value(const std::string& name, const ValueType& type, const Value& value) {
  if (!value.defined()) {
    fail(ErrorCode::kInvalidInput, "input '{}' ({}) is missing", name, to_string(type));
  }
  if (fits(type, value)) return;
  fail(ErrorCode::kInvalidInput, "input '{}' must be {}, got {}", name, to_string(type),
       describe_value(value));
}

}  // namespace convoy
