// Values in .pb files, as ONNX's test data sets have them.
#pragma once

#include <string>

#include "runtime/graph/value_type.h"
#include "runtime/tensor/value.h"

namespace convoy {

// A TensorProto, or the SequenceProto or OptionalProto that `expected` (may be null) says. Throws
// kInvalidInput when the file cannot be read or holds something else.
Value read_tensor_pb(const std::string& path, const ValueType* expected = nullptr);

// A tensor, sequence or optional under `name`; written to a temporary file, then renamed.
void write_tensor_pb(const std::string& path, const Value& value, const std::string& name = "");

}  // namespace convoy
