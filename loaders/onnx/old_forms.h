// Makes of a parsed file one that the reader and ONNX's checker take, where its meaning is plain.
#pragma once

#include <map>
#include <string>

#include "runtime/onnx/protobuf.h"
#include "runtime/onnx/tensors.h"

namespace convoy {

// What nodes of opset 1 to 5 are rewritten as.
inline constexpr int kOldestWrittenOpset = 6;

// Imports the operator sets of nodes whose domain is not imported, with a warning: the newest
// version that is known. Domains in which no such operator is known are left alone. `opsets` is
// what the model imports, by canonical domain.
void import_missing_domains(onnx::ModelProto& model, std::map<std::string, int>& opsets);

// Drops attributes that the node's opset does not know yet but a later one does, where their value
// is what the operator did before: Reshape's allowzero = 0 below opset 14. Then gives nodes of
// opset 1 to 5 the form of opset 6, and imports that. Throws kUnsupported, with the node, for a
// form that has no equal there.
void replace_old_forms(onnx::ModelProto& model, std::map<std::string, int>& opsets,
                       TensorStore& store);

}  // namespace convoy
