// Types as onnxruntime spells them.
#pragma once

#include <string>
#include <string_view>

#include "runtime/graph/value_type.h"

namespace convoy::python {

// "tensor(float)", "seq(map(int64,tensor(float)))", "optional(tensor(int64))"
std::string type_name(const ValueType& type);

// "float", "int64", "float8e4m3fn"
std::string_view element_name(DType dtype);

}  // namespace convoy::python
