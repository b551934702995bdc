// Function bodies of ONNX's schemas.
#pragma once

#include <onnx/defs/schema.h>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// The body stored with the schema that is closest to `version`: the newest that is not newer, or
// else the oldest; its own opset imports say what its nodes mean. nullptr if there is none.
const onnx::FunctionProto* stored_function(const onnx::OpSchema& schema, int version);

}  // namespace convoy
