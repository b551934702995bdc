// Which layout every sibling set is computed in: dynamic programming over the sets, from leaves to
// what reads them, with the cost of the conversions between.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "runtime/rewrite/branch_merge/cost.h"
#include "runtime/rewrite/branch_merge/siblings.h"

namespace convoy {

// A way to compute a set, and where its operands come from.
struct LayoutChoice {
  StackLayout layout;  // of the set
  double cost = 0;     // of conversions and additional passes up to here
  BatchedForm form;    // not for leaf sets
  // For each stacked operand: the layout in which its set is computed.
  std::vector<StackLayout> sources;
};

class LayoutPlan {
 public:
  LayoutPlan(const Graph& graph, const Registry& registry, const Siblings& siblings,
             MergeCost cost);

  // Ways to compute the set, one for each layout; empty when it cannot be stacked.
  const std::vector<LayoutChoice>& choices(int set) const {
    return choices_[static_cast<size_t>(set)];
  }
  // The cheapest way to have members `positions` of the set in `layout`.
  const LayoutChoice* best(int set, const std::vector<int>& positions, StackLayout layout) const;
  const MergeCost& cost() const { return cost_; }

 private:
  void plan(int number);
  void plan_leaf(int number);
  // From `choice` to `positions` in `layout`; nullopt when that is not possible.
  std::optional<double> conversion(int set, const LayoutChoice& choice,
                                   const std::vector<int>& positions, StackLayout layout) const;
  BatchingRequest request_of(const SiblingSet& set) const;

  const Graph& graph_;
  const Registry& registry_;
  const Siblings& siblings_;
  MergeCost cost_;
  std::vector<std::vector<LayoutChoice>> choices_;
};

}  // namespace convoy
