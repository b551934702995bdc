// The equation of an Einsum as NumPy, PyTorch and ONNX Runtime read it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/graph/value_type.h"

namespace convoy {

// A label for each axis: a letter, or for an axis of an ellipsis a control character, the last of
// which is the same in every operand, so that they align on the right.
struct EinsumEquation {
  std::vector<std::string> operands;
  std::string output;  // no label twice, each one known from an operand
};

// `ranks` are those of the operands. Spaces have no meaning. Without "->" the output has the
// ellipsis and then, sorted, the letters that occur once. Throws kInvalidModel for text that is no
// equation, or none for such operands.
EinsumEquation parse_einsum(const std::string& text, std::span<const int> ranks);

// The output's type; sizes of 1 are broadcast, also between symbols. Of unknown shape where an
// operand's rank is unknown.
ValueType infer_einsum(const std::string& text, const std::vector<ValueType>& operands);

}  // namespace convoy
