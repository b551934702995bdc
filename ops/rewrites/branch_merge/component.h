// What is merged together: sibling sets with the layout that each is computed in, and what reads
// them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ops/rewrites/branch_merge/joins.h"
#include "ops/rewrites/branch_merge/layout_plan.h"

namespace convoy {

struct Component {
  std::map<int, StackLayout> layouts;  // by set
  std::set<int> summed;   // sets that are not computed: only the sum of their members is
  std::set<int> stacked;  // leaf sets of which members become one value
  std::vector<Join> joins;
  NodeId place = NodeId::kNone;  // the last join, or the last node of the first branch
};

struct ComponentSearch {
  std::vector<Component> components;  // in topological order
  std::vector<std::pair<NodeId, std::string>> refused;
};

// Joins that share a computed set are merged together where its layout suits both. Sets that no
// join reads (their members are graph outputs, or read one by one) are components without a join.
ComponentSearch find_components(const Graph& graph, const Registry& registry,
                                const Siblings& siblings, const LayoutPlan& plan);

// Values that an earlier merge replaced, and what stands for them now.
using MovedValues = std::map<ValueId, ValueId>;

// Nodes that go away once the component's joins and sets are computed stacked. Sources of slices
// and shared operands stay. Branches of a Concat that are no siblings stay too, but are counted
// here: in doubt that speaks for the merge of the others, see docs/decisions/0006-merged-forms.md.
std::unordered_set<NodeId> dying_nodes(const Graph& graph, const Siblings& siblings,
                                       const Component& component, const MovedValues& moved);

// Members of a set that a node which stays, a body or the graph's caller reads.
std::vector<int> escaping_members(const Graph& graph, const SiblingSet& set,
                                  const std::unordered_set<NodeId>& dying);

}  // namespace convoy
