// ONNX's own operator cases with hostile numbers put into them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/onnx/protobuf.h"
#include "tests/fuzz/dice.h"

namespace convoy::testing {

struct HostileCase {
  std::string name;
  onnx::ModelProto model;
  // In the order of the graph's inputs.
  std::vector<onnx::TensorProto> inputs;
};

// Every case in a folder of folders with model.onnx and input_K.pb, sorted by name. Cases with
// inputs that are no tensors are left out.
std::vector<HostileCase> read_hostile_cases(const std::string& folder);

// One to four changes of attributes, of values and sizes of inputs, of declared types, of what is
// connected with what, of versions; and some inputs become initializers.
HostileCase mutated(const HostileCase& original, Dice& dice);

}  // namespace convoy::testing
