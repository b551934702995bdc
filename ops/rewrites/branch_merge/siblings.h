// Sibling sets: values that were computed in the same way from corresponding members of other
// sibling sets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ops/rewrites/branch_merge/leaves.h"
#include "runtime/op/registry.h"

namespace convoy {

struct SetMember {
  int set = -1;
  int position = 0;
};

// One operand of all nodes of a set.
struct SetOperand {
  BatchedOperand::Kind kind = BatchedOperand::Kind::kAbsent;
  int set = -1;                // kStacked
  std::vector<int> positions;  // kStacked: for each member, which member of `set` it reads
  // kConstants: one a member; kNone where it lacks one. Of some operators it may be what
  // DequantizeLinear makes of constants.
  std::vector<ValueId> constants;
  ValueId shared = ValueId::kNone;

  bool has_equal_constants(const Graph& graph) const;
};

// Leaves of one source or of a group of sources (then `nodes` is empty), one output of each of some
// nodes, or the same slice of each member of another set.
struct SiblingSet {
  std::vector<ValueId> members;  // kNone where nobody reads it, which has twins only
  ValueType type;                // of each member, as far as known of the first
  std::vector<NodeId> nodes;
  int slot = 0;            // of nodes: which output the members are
  std::vector<int> twins;  // sets of the nodes' other outputs: of equal nodes and operands
  std::vector<SetOperand> operands;
  Leaf leaf;  // of leaf sets and slices: axis, length and squeezed hold for all; of slices the
              // start too
  std::vector<ValueId> sources;  // of leaf sets: what each member is a slice of
  std::vector<int64_t> starts;   // of leaf sets: where each member begins in its source
  bool is_slice = false;

  bool is_leaf() const { return nodes.empty(); }
  int count() const { return static_cast<int>(members.size()); }
};

// Sources whose slices of one form are members of one set, by (source, form): one source stands for
// each group. Those that are not named are groups of their own.
using SourceGroups = std::map<std::pair<ValueId, std::string>, ValueId>;

// Sets are numbered so that operands come before what reads them. No member of a set depends on
// another one: what a set reads besides other sets (constants, sources of leaves, values that all
// members share) is common to all of its members, and was known before the first of them; for
// groups of sources see source_groups.h.
struct Siblings {
  std::vector<SiblingSet> sets;
  std::unordered_map<int32_t, SetMember> member_of;  // by value

  std::optional<SetMember> find(ValueId value) const;
  // How many siblings the value has, itself included; 0 if it is in no set.
  int count_of(ValueId value) const;
};

// A slice of a value that has siblings itself is either the same slice of each of them, or a branch
// of its own.
enum class SliceOfMember { kOperator, kLeaf };

// What DequantizeLinear reads, along axis 0, where it makes the value of constants; nullopt where
// the value is something else.
std::optional<QuantizedConstant> quantized_constant(const Graph& graph, ValueId value);

// Which outputs of a node are read. One that has no other counts as read.
std::vector<int> read_outputs(const Graph& graph, const Node& node);

// Linear in the size of the graph.
Siblings find_siblings(const Graph& graph, const Registry& registry, SliceOfMember slices,
                       const SourceGroups& groups = {});

}  // namespace convoy
