// Builds the nodes of a component: stacked values, and what its joins and single readers get.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ops/rewrites/branch_merge/component.h"

namespace convoy {

class StackBuilder {
 public:
  StackBuilder(GraphBuilder& builder, const Siblings& siblings, const LayoutPlan& plan,
               const Component& component, const MovedValues& moved)
      : builder_(builder),
        graph_(builder.graph()),
        siblings_(siblings),
        plan_(plan),
        component_(component),
        moved_(moved) {}

  // What stands for the output of a join.
  ValueId joined(const Join& join);
  // What stands for members `positions` of a computed set, one by one.
  std::vector<ValueId> extracted(int set, const std::vector<int>& positions);

 private:
  // The layout that single members are taken out of.
  StackLayout separable(int number) const;
  const SiblingSet& set(int number) const { return siblings_.sets[static_cast<size_t>(number)]; }
  ValueId current(ValueId id) const {
    auto moved = moved_.find(id);
    return moved == moved_.end() ? id : moved->second;
  }
  ValueId leaf_value(const SiblingSet& leaf, const std::vector<int>& positions);
  ValueId taken_from(ValueId source, int axis, const std::vector<int64_t>& indices);
  ValueId stacked(int number);
  void add_twins(int number);
  ValueId in_layout(int number, const std::vector<int>& positions, StackLayout wanted);
  std::vector<int> all_members(int number) const;
  ValueId concatenated(const Join& join);
  std::optional<ValueId> concatenated_by_gather(const Join& join);
  ValueId added_up(const Join& join);
  ValueId sum_of(int number, const std::vector<int>& positions);
  ValueId sum_of_slices(int number, const SumWay& way);

  GraphBuilder& builder_;
  const Graph& graph_;
  const Siblings& siblings_;
  const LayoutPlan& plan_;
  const Component& component_;
  const MovedValues& moved_;
  std::map<int, ValueId> built_;
};

}  // namespace convoy
