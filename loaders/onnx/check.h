// What is checked of a model before and besides reading it.
#pragma once

#include <map>
#include <string>

#include "runtime/onnx/protobuf.h"

namespace convoy {

inline constexpr int64_t kOldestIr = 3;  // that is read; of opsets every one

// Throws kInvalidModel for what is no model, kUnsupported for versions that are not known.
void check_versions(const onnx::ModelProto& model, const std::map<std::string, int>& opsets);

// Runs ONNX's checker on a model that was read without an error; its complaint becomes a
// kInvalidModel error with the node. Operators without a schema are let through. Changes `model`:
// tensors that are absent become empty, domains canonical.
void check_with_onnx(onnx::ModelProto& model);

}  // namespace convoy
