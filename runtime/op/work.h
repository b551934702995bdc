// The arithmetic of a node, counted from the types of its operands. Sizes that are not known count
// as 1.
#pragma once

#include <vector>

#include "runtime/device/tensor_view.h"
#include "runtime/graph/graph.h"

namespace convoy {

class Registry;

// What a node reads and writes; unknown where it leaves an operand out.
struct OperandTypes {
  std::vector<ValueType> inputs, outputs;

  static OperandTypes of(const Graph& graph, const Node& node);
  static OperandTypes of(const std::vector<TensorDesc>& inputs,
                         const std::vector<TensorDesc>& outputs);
  // Unknown too where the node has fewer operands.
  const ValueType& input(size_t i) const { return operand(inputs, i); }
  const ValueType& output(size_t j) const { return operand(outputs, j); }

 private:
  static const ValueType& operand(const std::vector<ValueType>& types, size_t i) {
    static const ValueType kUnknown;
    return i < types.size() ? types[i] : kUnknown;
  }
};

double estimated_elements(const ValueType& type);
double estimated_bytes(const ValueType& type);           // 0 where the rank is not known
double estimated_size(const ValueType& type, int axis);  // of an axis; counted from the end below 0

// Multiply-adds of a node whose work lies in products with kernels or matrices; 0 for any other.
double multiply_adds(const Registry& registry, const Graph& graph, const Node& node);

// For OpDef::multiply_adds.
double multiply_adds_of_conv(const Node& node, const OperandTypes& types);
double multiply_adds_of_conv_transpose(const Node& node, const OperandTypes& types);
double multiply_adds_of_matmul(const Node& node, const OperandTypes& types);  // and Gemm
double multiply_adds_of_recurrent(const Node& node, const OperandTypes& types);

}  // namespace convoy
