// Which ONNX operators are elementwise formulas of real numbers, and with which parameters.
#pragma once

#include <optional>
#include <span>

#include "ops/kernels/elementwise/program.h"
#include "runtime/op/attribute_reader.h"

namespace convoy::elementwise {

// An operator of ONNX's own domain that is one formula of its inputs. For floats only.
struct Operator {
  const char* name;
  // The program on the node's inputs; reads the attributes of the version.
  Program (*read)(AttributeReader& attributes, int version);
  bool passes_transposes = false;  // as of OpDef
};

// Functions of one number without attributes, and activations with theirs.
std::span<const Operator> unary_operators();
std::span<const Operator> activation_operators();

// a^b; cheaper where the exponent is a known number (else nullptr), then of input 0 alone.
Program power_program(const Tensor* exponent);

// The program of a float node, if it is elementwise at its version and broadcasts as opset 7 and
// later do: unary operators, activations, PRelu, Add, Sub, Mul, Div, Sum, Mean, Max, Min, Pow and
// Clip with bounds that are `graph`'s constants. Operands that are constants of one element may be
// replaced by the caller.
std::optional<Program> program_of(const Graph& graph, const Node& node);

}  // namespace convoy::elementwise
