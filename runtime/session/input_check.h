// Whether what a caller feeds is what the model asks for.
#pragma once

#include <string>

#include "runtime/graph/value_type.h"
#include "runtime/tensor/value.h"

namespace convoy {

// Throws kInvalidInput, naming the input, what it must be and what it is.
void check_input_value(const std::string& name, const ValueType& type, const Value& value);

// "float32[2,3]", "a sequence of int64[...]", "a map", "nothing"
std::string describe_value(const Value& value);

}  // namespace convoy
