// Values in protobuf files, as ONNX's test data has them.
#pragma once

#include <string>

#include "runtime/graph/value_type.h"
#include "runtime/tensor/value.h"

namespace convoy {

// A TensorProto, SequenceProto, OptionalProto or MapProto, as the kind of `expected` says; a
// TensorProto where that is nullptr or unknown. Throws kInvalidInput with the file.
Value read_tensor_pb(const std::string& path, const ValueType* expected = nullptr);

// Replaces the file at once. Throws kInvalidInput when it cannot be written.
void write_tensor_pb(const std::string& path, const Value& value, const std::string& name = "");

}  // namespace convoy
