// Open sizes of a model that its user knows.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/onnx/protobuf.h"

namespace convoy {

// Gives every dimension of `by_symbol`'s names that size, in bodies too; and the same to the
// symbols of dimensions of graph inputs that have a denotation ("DATA_BATCH") of `by_denotation`.
// Throws kInvalidInput for a negative size.
void fix_sizes(onnx::ModelProto& model, const std::map<std::string, int64_t>& by_symbol,
               const std::map<std::string, int64_t>& by_denotation);

}  // namespace convoy
