// Hostile numbers and texts, and tensors with hostile elements and sizes put into them.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/onnx/protobuf.h"
#include "tests/fuzz/dice.h"

namespace convoy::testing {

int64_t hostile_integer(Dice& dice);
float hostile_float(Dice& dice);
const std::string& hostile_text(Dice& dice);

// Other entries, or more or fewer.
void change_integers(google::protobuf::RepeatedField<int64_t>& list, Dice& dice);

// Other elements, or other sizes with as much data as they need.
void change_tensor(onnx::TensorProto& tensor, Dice& dice);

}  // namespace convoy::testing
