// Which layout every sibling set is computed in: dynamic programming over the sets, from leaves to
// what reads them, with the cost of the conversions between.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ops/rewrites/branch_merge/cost.h"
#include "ops/rewrites/branch_merge/siblings.h"

namespace convoy {

// A way to compute a set, and where its operands come from.
struct LayoutChoice {
  StackLayout layout;  // of the set
  double cost = 0;     // of conversions and additional passes up to here
  BatchedForm form;    // not for leaf sets
  // For each stacked operand: the layout in which its set is computed.
  std::vector<StackLayout> sources;
};

// A way to compute the sum of members of a set.
struct SumWay {
  double cost = 0;
  // Without a form: the members are computed in this layout, then added up along the stacked axis.
  StackLayout layout;
  std::optional<BatchedForm> form;
  std::vector<int> positions;  // of the members, in the order that saves a Gather
};

class LayoutPlan {
 public:
  LayoutPlan(const Graph& graph, const Registry& registry, const Siblings& siblings,
             MergeCost cost);

  // Ways to compute the set, one for each layout; empty when it cannot be stacked.
  const std::vector<LayoutChoice>& choices(int set) const {
    return choices_[static_cast<size_t>(set)];
  }
  // The way that computes the set in `layout`; nullptr when there is none.
  const LayoutChoice* choice(int set, StackLayout layout) const;
  // The way that computes the set by the same node as `way` computes a twin of it; nullptr when
  // there is none.
  const LayoutChoice* choice_beside(int set, const LayoutChoice& way) const;
  // The cheapest way to have members `positions` of the set in `layout`.
  const LayoutChoice* best(int set, const std::vector<int>& positions, StackLayout layout) const;
  // From the set in `from` to members `positions` in `to`; nullopt when that is not possible.
  std::optional<double> conversion(int set, StackLayout from, const std::vector<int>& positions,
                                   StackLayout to) const;
  // The cheapest way to add up members `positions`, in any order.
  std::optional<SumWay> best_sum(int set, const std::vector<int>& positions) const;
  const MergeCost& cost() const { return cost_; }

 private:
  void plan(int number);
  void plan_leaf(int number);
  // The way that computes the set by `form`; nullopt where an operand cannot be had for it, or the
  // set or an operand has no such axis.
  std::optional<LayoutChoice> way_by(const SiblingSet& set, BatchedForm form) const;
  std::vector<BatchedForm> forms_of(const SiblingSet& set) const;
  std::optional<double> sum_form_cost(const SiblingSet& set, const std::vector<int>& positions,
                                      const BatchedForm& form) const;
  std::vector<int> in_order_of_sources(const SiblingSet& set, std::vector<int> positions) const;
  BatchingRequest request_of(const SiblingSet& set, const std::vector<int>& positions) const;

  const Graph& graph_;
  const Registry& registry_;
  const Siblings& siblings_;
  MergeCost cost_;
  std::vector<std::vector<LayoutChoice>> choices_;
  std::vector<int> levels_;  // by set: how many others lie between it and what branches begin with
};

// Which members of an operand's set belong to members `positions` of the set that reads it.
std::vector<int> positions_of_operand(const SetOperand& operand, const std::vector<int>& positions);

}  // namespace convoy
