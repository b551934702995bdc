#include "tools/python/type_names.h"

#include <fmt/core.h>

namespace convoy::python {

std::string_view element_name(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "float";
    case DType::kFloat64: return "double";
    default: break;
  }
  return to_string(dtype);
}

std::string type_name(const ValueType& type) {
  switch (type.kind) {
    case ValueType::Kind::kUnknown: return "unknown";
    case ValueType::Kind::kTensor: return fmt::format("tensor({})", element_name(type.dtype));
    case ValueType::Kind::kSparseTensor:
      return fmt::format("sparse_tensor({})", element_name(type.dtype));
    case ValueType::Kind::kSequence: return fmt::format("seq({})", type_name(*type.element));
    case ValueType::Kind::kOptional: return fmt::format("optional({})", type_name(*type.element));
    case ValueType::Kind::kMap:
      return fmt::format("map({},{})", element_name(type.dtype), type_name(*type.element));
  }
  return "unknown";
}

}  // namespace convoy::python
