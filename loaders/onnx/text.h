// Text in a model file.
#pragma once

#include <string_view>

#include "runtime/onnx/protobuf.h"

namespace convoy {

bool is_utf8(std::string_view text);

// Throws kInvalidModel, quoting with \xNN, where a name of a value, node, operator, domain, symbol
// or attribute, or what the model tells about itself, is not UTF-8. Strings that are data, and the
// documentation of parts, may hold any bytes.
void check_text(const onnx::ModelProto& model);

}  // namespace convoy
