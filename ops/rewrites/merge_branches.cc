// The signature rewrite: sibling branches that end in one Concat or sum become one branch over a
// stacked value, wherever that pays; ops/rewrites/branch_merge has its parts.
#include <algorithm>
#include <set>

#include "ops/rewrites/branch_merge/source_groups.h"
#include "ops/rewrites/branch_merge/stack_builder.h"
#include "ops/rewrites/branch_merge/what_differs.h"
#include "ops/rewrites/rules.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

class BranchMerger {
 public:
  BranchMerger(GraphEditor& editor, Siblings siblings)
      : editor_(editor),
        graph_(editor.graph()),
        siblings_(std::move(siblings)),
        plan_(graph_, editor.registry(), siblings_, MergeCost::of(editor.options().target)) {}

  // True if a component was left for another search, because what it reads was replaced.
  bool run() {
    bool postponed = false;
    ComponentSearch found = find_components(graph_, editor_.registry(), siblings_, plan_);
    for (auto& [place, reason] : found.refused) editor_.near_miss(place, std::move(reason));
    for (const Component& component : found.components) {
      if (!editor_.may_fire()) return false;
      if (is_stale(component)) {
        postponed = true;
      } else {
        merge(component);
      }
    }
    return postponed;
  }

 private:
  const SiblingSet& set(int number) const { return siblings_.sets[static_cast<size_t>(number)]; }
  ValueId current(ValueId id) const {
    auto moved = moved_.find(id);
    return moved == moved_.end() ? id : moved->second;
  }

  bool is_stale(int number) const {
    const SiblingSet& one = set(number);
    if (one.is_leaf()) {
      return std::any_of(one.sources.begin(), one.sources.end(),
                         [&](ValueId source) { return graph_.value(current(source)).removed; });
    }
    bool gone = std::any_of(one.nodes.begin(), one.nodes.end(),
                            [&](NodeId id) { return !graph_.contains(id); });
    return gone ||
           std::any_of(one.operands.begin(), one.operands.end(), [&](const SetOperand& operand) {
             return operand.kind == BatchedOperand::Kind::kShared &&
                    graph_.value(operand.shared).removed;
           });
  }

  bool is_stale(const Join& join) const {
    if (!graph_.contains(join.node)) return true;
    return std::any_of(join.inner.begin(), join.inner.end(),
                       [&](NodeId id) { return !graph_.contains(id); }) ||
           std::any_of(join.parts.begin(), join.parts.end(), [&](const JoinPart& part) {
             return part.set < 0 && graph_.value(current(part.value)).removed;
           });
  }

  bool is_stale(const Component& component) const {
    return std::any_of(component.layouts.begin(), component.layouts.end(),
                       [&](const auto& known) { return is_stale(known.first); }) ||
           std::any_of(component.summed.begin(), component.summed.end(),
                       [&](int number) { return is_stale(number); }) ||
           std::any_of(component.joins.begin(), component.joins.end(),
                       [&](const Join& join) { return is_stale(join); });
  }

  std::string description(const Component& component) const {
    std::string text;
    std::set<NodeId> named;  // nodes with several outputs are in several sets
    auto add = [&](int number) {
      if (set(number).is_leaf() || text.size() > 200) return;
      if (!named.insert(set(number).nodes[0]).second) return;
      if (!text.empty()) text += ", ";
      text += fmt::format("{} × {}", set(number).count(),
                          graph_.node(set(number).nodes[0]).qualified_type());
    };
    for (const auto& [number, layout] : component.layouts) add(number);
    for (int number : component.summed) add(number);
    return text;
  }

  // What keeps the other branches of the joins apart.
  std::string remark(const Component& component) const {
    std::string text;
    for (const Join& join : component.joins) {
      if (join.kind != Join::Kind::kConcat || join.parts.size() < 2 || !text.empty()) continue;
      const std::vector<ValueId>& ends = graph_.node(join.node).inputs;
      text = what_differs(graph_, editor_.registry(), ends).value_or("");
    }
    return text;
  }

  // Of sums of products with one weight, which become a product of the sum.
  double saved_arithmetic(const Component& component) const {
    double saved = 0;
    for (const Join& join : component.joins) {
      if (join.kind != Join::Kind::kSum) continue;
      for (const JoinPart& part : join.parts) {
        if (part.set < 0 || !component.summed.contains(part.set)) continue;
        auto way = plan_.best_sum(part.set, part.positions);
        if (!way || !way->form || !way->form->sums_operands) continue;
        const Node& first = graph_.node(set(part.set).nodes[0]);
        saved += plan_.cost().of_arithmetic(editor_.registry(), graph_, first) *
                 static_cast<double>(part.positions.size() - 1);
      }
    }
    return saved;
  }

  // Nodes that go away, and those that come.
  std::vector<MergeEstimate> estimates(const std::unordered_set<NodeId>& dying, double arithmetic,
                                       const GraphBuilder& builder) const {
    std::vector<MergeEstimate> made;
    for (RewriteTarget target :
         {RewriteTarget::kConvoy, RewriteTarget::kOrt, RewriteTarget::kAny}) {
      MergeCost cost = MergeCost::of(target);
      bool decides = target == editor_.options().target;
      MergeEstimate& estimate =
          made.emplace_back(std::string(to_string(target)), arithmetic, 0, decides);
      for (NodeId id : dying)
        estimate.before += cost.of_node(editor_.registry(), graph_, graph_.node(id));
      for (NodeId id : builder.added()) {
        if (graph_.contains(id))
          estimate.after += cost.of_node(editor_.registry(), graph_, graph_.node(id));
      }
    }
    return made;
  }

  // Of the sources that would have to be put one after the other.
  double joined_bytes(const Component& component) const {
    double bytes = 0;
    for (int number : component.stacked) {
      const SiblingSet& one = set(number);
      bool several = std::any_of(one.sources.begin(), one.sources.end(),
                                 [&](ValueId id) { return id != one.sources[0]; });
      if (several) bytes += estimated_bytes(one.type) * one.count();
    }
    return bytes;
  }

  void merge(const Component& component) {
    std::string before = description(component);
    if (double bytes = joined_bytes(component); bytes > MergeCost::kJoinedBytes) {
      editor_.near_miss(component.place,
                        fmt::format("{:.0f} bytes of several tensors would have to be put one "
                                    "after the other: each is merged alone",
                                    bytes),
                        before);
      return;
    }
    std::unordered_set<NodeId> dying = dying_nodes(graph_, siblings_, component, moved_);
    GraphBuilder builder = editor_.builder(component.place);
    StackBuilder stack(builder, siblings_, plan_, component, moved_);
    std::vector<GraphEditor::Replacement> replacements;
    std::unordered_set<ValueId> replaced;
    for (const Join& join : component.joins) {
      ValueId output = graph_.node(join.node).outputs[0];
      replacements.push_back({output, stack.joined(join)});
      replaced.insert(output);
    }
    for (const auto& [number, layout] : component.layouts) {
      if (set(number).is_leaf()) continue;
      std::vector<int> escaped;
      for (int position : escaping_members(graph_, set(number), dying)) {
        ValueId member = set(number).members[static_cast<size_t>(position)];
        if (replaced.insert(member).second) escaped.push_back(position);
      }
      std::vector<ValueId> values = stack.extracted(number, escaped);
      for (size_t i = 0; i < escaped.size(); ++i) {
        replacements.push_back({set(number).members[static_cast<size_t>(escaped[i])], values[i]});
      }
    }
    std::vector<MergeEstimate> estimated = estimates(dying, saved_arithmetic(component), builder);
    double saved = 0;
    for (const MergeEstimate& estimate : estimated) {
      if (estimate.decides) saved = estimate.before - estimate.after;
    }
    if (!component.joins.empty() || saved >= MergeCost::kLeast)
      editor_.set_estimates(std::move(estimated));
    if (saved < MergeCost::kLeast) {
      editor_.discard(builder);
      if (!component.joins.empty()) {
        editor_.near_miss(component.place,
                          fmt::format("it would not pay: {:.0f} µs more", -saved * 1e6), before);
      }
      return;
    }
    editor_.set_remark(remark(component));
    if (!editor_.replace_all(replacements, builder, component.place, before)) return;
    for (const auto& [from, to] : replacements) moved_[from] = to;
  }

  GraphEditor& editor_;
  const Graph& graph_;
  Siblings siblings_;
  LayoutPlan plan_;
  MovedValues moved_;
};

bool merge_once(GraphEditor& editor, SliceOfMember slices, bool grouped) {
  Siblings siblings = find_siblings(editor.graph(), editor.registry(), slices);
  if (grouped) {
    SourceGroups groups = sources_that_meet(editor.graph(), siblings);
    if (groups.empty()) return false;
    siblings = find_siblings(editor.graph(), editor.registry(), slices, groups);
  }
  return BranchMerger(editor, std::move(siblings)).run();
}

void merge_sibling_branches(GraphEditor& editor) {
  // Stacks are folded by shapes that are computed; before opset 5 Reshape takes constant ones only.
  if (editor.opset() < 5) return;
  for (SliceOfMember slices : {SliceOfMember::kOperator, SliceOfMember::kLeaf}) {
    for (bool grouped : {true, false}) {
      while (merge_once(editor, slices, grouped)) {
      }
    }
  }
}

}  // namespace

std::vector<RewriteStep> merge_branches() {
  return {Pass{"merge_branches", RuleSet::kPortable, merge_sibling_branches}};
}

}  // namespace convoy
