// Batching rules: how an operator that is applied to several sibling values can be applied once to
// all of them stacked into one tensor.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/graph/builder.h"
#include "runtime/graph/graph.h"

namespace convoy {

// How n members of equal type, dimensions d0 … d(r-1), lie in one tensor.
struct StackLayout {
  enum class Kind {
    kAxis,       // a dimension n of its own at `axis`: rank r + 1, axis in [0, r]
    kFold,       // d[axis] becomes n · d[axis], the member major
    kFoldMinor,  // d[axis] becomes d[axis] · n, the member minor
  };
  Kind kind = Kind::kAxis;
  int axis = 0;

  static StackLayout on_axis(int axis) { return {Kind::kAxis, axis}; }
  static StackLayout fold(int axis) { return {Kind::kFold, axis}; }
  static StackLayout fold_minor(int axis) { return {Kind::kFoldMinor, axis}; }
  // Where n stands once a fold is split into n and d: as a Reshape of this layout.
  int position() const { return kind == Kind::kFoldMinor ? axis + 1 : axis; }
  friend bool operator==(const StackLayout&, const StackLayout&) = default;
};

// What DequantizeLinear reads of a constant: `scale` and `zero`, which may be undefined, of one
// element or one for each index of axis 0.
struct QuantizedConstant {
  Tensor values, scale, zero;
};

// One operand of n sibling nodes.
struct BatchedOperand {
  enum class Kind { kAbsent, kStacked, kConstants, kShared };
  Kind kind = Kind::kAbsent;
  ValueType type;  // of one member; of the shared value
  // kConstants: one a member, of equal dtype and shape; undefined where a member lacks it.
  std::vector<Tensor> constants;
  // kConstants that the graph has as integers: one a member, `constants` are then what they stand
  // for. Only of operands that the rule names in `may_be_quantized`.
  std::vector<QuantizedConstant> quantized;
  bool equal = false;               // kConstants: the same elements for all
  ValueId shared = ValueId::kNone;  // kShared: the value that all members read
};

struct BatchingRequest {
  const Node& node;  // the first member; the others differ in operands only
  int count = 0;
  std::vector<BatchedOperand> operands;
  ValueType output;     // of one member
  int output_slot = 0;  // which of the node's outputs the member is; nobody reads the others

  bool has(size_t i) const {
    return i < operands.size() && operands[i].kind != BatchedOperand::Kind::kAbsent;
  }
  bool is_stacked(size_t i) const {
    return i < operands.size() && operands[i].kind == BatchedOperand::Kind::kStacked;
  }
  bool is_constant(size_t i) const {
    return i < operands.size() && operands[i].kind == BatchedOperand::Kind::kConstants;
  }
};

// One way to compute all members at once.
struct BatchedForm {
  // One an operand; looked at for stacked ones.
  std::vector<StackLayout> operands;
  StackLayout output;
  // Beyond the nodes' own work, in passes over the output: 1 for another operator that reads and
  // writes it.
  double extra_passes = 0;
  // `operands` holds the stacked values in the layouts above, kNone for the others. `type` is that
  // of the stacked output.
  std::function<ValueId(GraphBuilder&, std::span<const ValueId> operands, const ValueType& type)>
      build;
  // Of a way to compute the sum only: it takes the sums of the stacked operands, each of the type
  // of one member; `operands` above are not looked at.
  bool sums_operands = false;
};

struct BatchingRule {
  // All ways that apply; empty when there is none.
  std::function<std::vector<BatchedForm>(const BatchingRequest&)> forms = nullptr;
  // Constant operands that some members may have and others lack.
  std::vector<int> may_lack = {};
  // Constant operands that may come from DequantizeLinear.
  std::vector<int> may_be_quantized = {};
  // Members may be other outputs than the first.
  bool any_output = false;
  // Ways to compute the sum of all members at once; `type` and what they build are then of one
  // member's type. May be empty.
  std::function<std::vector<BatchedForm>(const BatchingRequest&)> sums = nullptr;

  explicit operator bool() const { return static_cast<bool>(forms); }
  bool lets_lack(size_t slot) const { return names(may_lack, slot); }
  bool takes_quantized(size_t slot) const { return names(may_be_quantized, slot); }

 private:
  static bool names(const std::vector<int>& slots, size_t slot) {
    return std::find(slots.begin(), slots.end(), static_cast<int>(slot)) != slots.end();
  }
};

}  // namespace convoy
