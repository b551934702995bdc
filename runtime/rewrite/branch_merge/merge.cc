#include "runtime/rewrite/branch_merge/merge.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "runtime/graph/node_attributes.h"
#include "runtime/rewrite/branch_merge/layout_plan.h"

namespace convoy {
namespace {

// Consecutive inputs of a Concat that are members of one set, or one input that is none.
struct JoinPart {
  int set = -1;
  std::vector<int> positions;
  ValueId value = ValueId::kNone;
};

struct Join {
  NodeId node = NodeId::kNone;
  int axis = 0;
  std::vector<JoinPart> parts;
};

// Sets that are merged together, and the joins that read them.
struct Component {
  std::map<int, StackLayout> layouts;  // by set; the chosen one
  std::vector<Join> joins;
};

class BranchMerger {
 public:
  explicit BranchMerger(GraphEditor& editor)
      : editor_(editor), graph_(editor.graph()),
        siblings_(find_siblings(graph_, editor.registry())),
        plan_(graph_, editor.registry(), siblings_, MergeCost::of(editor.options().target)) {}

  // True if a component was left for another search, because what it reads was replaced.
  bool run() {
    bool postponed = false;
    for (const Component& component : components()) {
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
  const SiblingSet& set(int number) const {
    return siblings_.sets[static_cast<size_t>(number)];
  }
  bool is_mergeable(int number) const { return !plan_.choices(number).empty(); }

  // What stands for a value after the merges so far.
  ValueId current(ValueId id) const {
    auto moved = moved_.find(id);
    return moved == moved_.end() ? id : moved->second;
  }

  bool is_stale(const Component& component) const {
    for (const auto& [number, layout] : component.layouts) {
      if (set(number).is_leaf() && graph_.value(current(set(number).leaf.source)).removed) {
        return true;
      }
      for (NodeId node : set(number).nodes) {
        if (!graph_.contains(node)) return true;
      }
      for (const SetOperand& operand : set(number).operands) {
        bool shared = operand.kind == BatchedOperand::Kind::kShared;
        if (shared && graph_.value(operand.shared).removed) return true;
      }
    }
    return std::any_of(component.joins.begin(), component.joins.end(),
                       [this](const Join& join) { return !graph_.contains(join.node); });
  }

  // --- joins ---

  std::optional<Join> join_of(const Node& node) const {
    int rank = graph_.value(node.outputs[0]).type.rank();
    auto axis = normalized({integer_of(node, "axis", 0)}, rank);
    if (!axis || rank < 1) return std::nullopt;
    Join join{node.id, static_cast<int>((*axis)[0]), {}};
    bool pays = false;
    for (ValueId input : node.inputs) {
      auto member = siblings_.find(input);
      if (!member || set(member->set).is_leaf() || !is_mergeable(member->set)) {
        join.parts.push_back({-1, {}, input});
        continue;
      }
      if (join.parts.empty() || join.parts.back().set != member->set) {
        join.parts.push_back({member->set, {}, ValueId::kNone});
      }
      join.parts.back().positions.push_back(member->position);
    }
    for (const JoinPart& part : join.parts) {
      pays = pays || std::set<int>(part.positions.begin(), part.positions.end()).size() > 1;
    }
    return pays ? std::optional(join) : std::nullopt;
  }

  // Can these members be had of the set stacked in `layout`?
  bool can_be_taken(int number, const std::vector<int>& positions, StackLayout layout) const {
    bool all = set(number).is_leaf() || positions.size() == set(number).members.size();
    for (size_t i = 0; i < positions.size() && all; ++i) {
      all = set(number).is_leaf() || positions[i] == static_cast<int>(i);
    }
    if (all || layout.kind == StackLayout::Kind::kAxis) return true;
    return layout.kind == StackLayout::Kind::kFold &&
           (*set(number).type.shape)[static_cast<size_t>(layout.axis)].known();
  }

  // Chooses layouts for the set and what it reads; false when `layout` cannot be had.
  bool choose(int number, const std::vector<int>& positions, StackLayout layout,
              std::map<int, StackLayout>& layouts) const {
    if (auto known = layouts.find(number); known != layouts.end()) {
      return layout_change(set(number).type, static_cast<int>(positions.size()), known->second,
                           layout)
                 .possible &&
             can_be_taken(number, positions, known->second);
    }
    const LayoutChoice* best = plan_.best(number, positions, layout);
    if (best == nullptr) return false;
    layouts[number] = best->layout;
    if (set(number).is_leaf()) return true;
    for (size_t i = 0; i < set(number).operands.size(); ++i) {
      const SetOperand& operand = set(number).operands[i];
      if (operand.kind != BatchedOperand::Kind::kStacked) continue;
      if (!choose(operand.set, operand.positions, best->form.operands[i], layouts)) return false;
    }
    return true;
  }

  std::vector<Component> components() {
    std::vector<Component> found;
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      if (!node.is("Concat") || node.inputs.size() < 2) continue;
      auto join = join_of(node);
      if (!join) {
        report_near_miss(node);
        continue;
      }
      std::map<int, StackLayout> layouts;
      bool possible = true;
      for (const JoinPart& part : join->parts) {
        if (part.set < 0 || !possible) continue;
        possible = choose(part.set, part.positions, StackLayout::fold(join->axis), layouts);
      }
      if (!possible) {
        editor_.near_miss(id, "no layout fits: too many dimensions are unknown");
        continue;
      }
      add_to(found, std::move(*join), std::move(layouts));
    }
    return found;
  }

  // Joins that share a set that is computed (not a leaf) belong together, if they agree.
  void add_to(std::vector<Component>& found, Join join, std::map<int, StackLayout> layouts) const {
    for (Component& component : found) {
      bool shares = false;
      bool agrees = true;
      for (const auto& [number, layout] : layouts) {
        auto known = component.layouts.find(number);
        if (known == component.layouts.end() || set(number).is_leaf()) continue;
        shares = true;
        agrees = agrees && known->second == layout;
      }
      if (!shares || !agrees) continue;
      component.layouts.merge(layouts);
      component.joins.push_back(std::move(join));
      return;
    }
    found.push_back({std::move(layouts), {std::move(join)}});
  }

  // --- gain ---

  const LayoutChoice& choice(const Component& component, int number) const {
    StackLayout layout = component.layouts.at(number);
    for (const LayoutChoice& way : plan_.choices(number)) {
      if (way.layout == layout) return way;
    }
    fail(ErrorCode::kInternal, "a sibling set has no layout {}", to_string(layout));
  }

  // Members that something outside of the component reads.
  std::vector<int> escaping(const Component& component, int number) const {
    std::set<NodeId> inside;
    for (const auto& [other, layout] : component.layouts) {
      inside.insert(set(other).nodes.begin(), set(other).nodes.end());
    }
    for (const Join& join : component.joins) inside.insert(join.node);
    std::vector<int> escaped;
    for (int i = 0; i < set(number).count(); ++i) {
      const ValueInfo& info = graph_.value(set(number).members[static_cast<size_t>(i)]);
      bool outside = info.is_output;
      for (const Use& use : info.uses) {
        outside = outside || use.slot == Use::kCapture || !inside.contains(use.node);
      }
      if (outside) escaped.push_back(i);
    }
    return escaped;
  }

  // Microseconds saved: nodes that go away, less conversions and extractions.
  double gain(const Component& component) const {
    const MergeCost& cost = plan_.cost();
    double saved = 0;
    std::set<int> paid;
    for (const auto& [number, layout] : component.layouts) {
      saved += cost.node * (set(number).count() - 1);
      if (set(number).is_leaf()) continue;
      auto escaped = static_cast<double>(escaping(component, number).size());
      saved -= escaped * cost.pass(set(number).type, 1);
    }
    for (const Join& join : component.joins) {
      const ValueType& type = graph_.value(graph_.node(join.node).outputs[0]).type;
      if (join.parts.size() == 1) saved += cost.pass(type, 1);
      if (join.parts.size() > 2) saved -= cost.pass(type, 1);  // a Gather brings them in order
      for (const JoinPart& part : join.parts) {
        if (part.set < 0) continue;
        if (!paid.insert(part.set).second) continue;
        const LayoutChoice* best =
            plan_.best(part.set, part.positions, StackLayout::fold(join.axis));
        if (best != nullptr) saved -= best->cost;
      }
    }
    return saved;
  }

  // --- building ---

  ValueId leaf_value(GraphBuilder& builder, const SiblingSet& leaf,
                     const std::vector<int>& positions) const {
    std::vector<int64_t> indices;
    for (int position : positions) {
      for (int64_t i = 0; i < leaf.leaf.length; ++i) {
        indices.push_back(leaf.starts[static_cast<size_t>(position)] + i);
      }
    }
    int axis = leaf.leaf.axis;
    ValueId source = current(leaf.leaf.source);
    const ValueType& type = graph_.value(source).type;
    bool consecutive = true;
    for (size_t i = 1; i < indices.size(); ++i) {
      consecutive = consecutive && indices[i] == indices[i - 1] + 1;
    }
    if (!consecutive) return builder.gather(source, axis, indices);
    auto count = static_cast<int64_t>(indices.size());
    if (indices[0] == 0 && (*type.shape)[static_cast<size_t>(axis)].size == count) {
      return source;
    }
    return builder.slice(source, axis, indices[0], indices[0] + count);
  }

  ValueId in_layout(GraphBuilder& builder, const Component& component, int number,
                    const std::vector<int>& positions, StackLayout wanted) {
    const SiblingSet& source = set(number);
    StackLayout layout = component.layouts.at(number);
    auto count = static_cast<int>(positions.size());
    ValueId value = source.is_leaf()
                        ? leaf_value(builder, source, positions)
                        : take_members(builder, stacked(builder, component, number), source.type,
                                       source.count(), layout, positions);
    return change_layout(builder, value, source.type, count, layout, wanted);
  }

  ValueId stacked(GraphBuilder& builder, const Component& component, int number) {
    if (auto known = built_.find(number); known != built_.end()) return known->second;
    const LayoutChoice& way = choice(component, number);
    std::vector<ValueId> operands;
    for (size_t i = 0; i < set(number).operands.size(); ++i) {
      const SetOperand& operand = set(number).operands[i];
      bool is_stacked = operand.kind == BatchedOperand::Kind::kStacked;
      operands.push_back(is_stacked ? in_layout(builder, component, operand.set,
                                                operand.positions, way.form.operands[i])
                                    : ValueId::kNone);
    }
    ValueType type = stacked_type(set(number).type, set(number).count(), way.layout);
    ValueId value = way.form.build(builder, operands, type);
    built_[number] = value;
    return value;
  }

  ValueId joined(GraphBuilder& builder, const Component& component, const Join& join) {
    ValueType type = graph_.value(graph_.node(join.node).outputs[0]).type;
    StackLayout wanted = StackLayout::fold(join.axis);
    if (auto permuted = joined_by_gather(builder, component, join)) return *permuted;
    std::vector<ValueId> parts;
    for (const JoinPart& part : join.parts) {
      parts.push_back(part.set < 0 ? current(part.value)
                                   : in_layout(builder, component, part.set, part.positions,
                                               wanted));
    }
    return parts.size() == 1 ? parts[0] : builder.concat(parts, join.axis, type);
  }

  // Many short runs of few sets: all of the sets and other values one after the other, then one
  // Gather.
  std::optional<ValueId> joined_by_gather(GraphBuilder& builder, const Component& component,
                                          const Join& join) {
    auto axis = static_cast<size_t>(join.axis);
    std::map<int, int64_t> offsets;
    size_t others = 0;
    int64_t length = -1;
    for (const JoinPart& part : join.parts) {
      const ValueType& type =
          part.set < 0 ? graph_.value(current(part.value)).type : set(part.set).type;
      if (type.rank() <= join.axis || !(*type.shape)[axis].known()) return std::nullopt;
      int64_t size = (*type.shape)[axis].size;
      if (length >= 0 && size != length) return std::nullopt;
      length = size;
      if (part.set < 0) {
        ++others;
      } else {
        offsets[part.set] = 0;
      }
    }
    if (join.parts.size() - others <= 2 * offsets.size()) return std::nullopt;
    std::vector<ValueId> parts;
    int64_t offset = 0;
    for (auto& [number, start] : offsets) {
      start = offset;
      offset += set(number).count();
      std::vector<int> all(static_cast<size_t>(set(number).count()));
      std::iota(all.begin(), all.end(), 0);
      parts.push_back(
          in_layout(builder, component, number, all, StackLayout::fold(join.axis)));
    }
    std::vector<int64_t> indices;
    auto take = [&](int64_t position) {
      for (int64_t i = 0; i < length; ++i) indices.push_back(position * length + i);
    };
    for (const JoinPart& part : join.parts) {
      if (part.set < 0) {
        parts.push_back(current(part.value));
        take(offset++);
      }
      for (int position : part.positions) take(offsets[part.set] + position);
    }
    ValueType type = graph_.value(graph_.node(join.node).outputs[0]).type;
    (*type.shape)[axis] = {offset * length, ""};
    ValueId whole = parts.size() == 1 ? parts[0] : builder.concat(parts, join.axis, type);
    return builder.gather(whole, join.axis, indices);
  }

  std::string description(const Component& component) const {
    std::string text;
    for (const auto& [number, layout] : component.layouts) {
      if (set(number).is_leaf()) continue;
      if (!text.empty()) text += ", ";
      text += fmt::format("{} × {}", set(number).count(),
                          graph_.node(set(number).nodes[0]).qualified_type());
    }
    return text;
  }

  void merge(const Component& component) {
    NodeId place = component.joins[0].node;
    std::string before = description(component);
    if (gain(component) <= 0) {
      editor_.near_miss(place, "it would not pay", before);
      return;
    }
    built_.clear();
    GraphBuilder builder = editor_.builder(place);
    std::vector<GraphEditor::Replacement> replacements;
    for (const Join& join : component.joins) {
      ValueId output = graph_.node(join.node).outputs[0];
      replacements.push_back({output, joined(builder, component, join)});
    }
    for (const auto& [number, layout] : component.layouts) {
      if (set(number).is_leaf()) continue;
      for (int member : escaping(component, number)) {
        replacements.push_back({set(number).members[static_cast<size_t>(member)],
                                extracted(builder, component, number, member)});
      }
    }
    if (!editor_.replace_all(replacements, builder, place, before)) return;
    for (const auto& [from, to] : replacements) moved_[from] = to;
  }

  ValueId extracted(GraphBuilder& builder, const Component& component, int number, int member) {
    StackLayout layout = component.layouts.at(number);
    ValueId value = stacked(builder, component, number);
    const ValueType& type = set(number).type;
    StackLayout split = StackLayout::on_axis(layout.position());
    bool sized = layout.kind == StackLayout::Kind::kFold &&
                 (*type.shape)[static_cast<size_t>(layout.axis)].known();
    if (!sized && layout.kind != StackLayout::Kind::kAxis) {
      value = change_layout(builder, value, type, set(number).count(), layout, split);
      layout = split;
    }
    return take_member(builder, value, type, layout, member);
  }

  // --- why not ---

  std::string difference(const Node& a, const Node& b) const {
    if (a.qualified_type() != b.qualified_type()) return "the operators differ";
    for (const auto& [name, value] : a.attributes) {
      auto other = b.attributes.find(name);
      if (other == b.attributes.end() || !equal(value, other->second)) {
        return fmt::format("attribute '{}' of {} differs", name, a.op_type);
      }
    }
    if (a.inputs.size() != b.inputs.size()) return "the number of operands differs";
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      const Tensor* x = graph_.constant(a.inputs[i]);
      const Tensor* y = graph_.constant(b.inputs[i]);
      if ((x == nullptr) != (y == nullptr)) return "an operand is constant in some branches only";
      if (x != nullptr && x->shape() != y->shape()) {
        return fmt::format("the shape of operand {} of {} differs", i, a.op_type);
      }
    }
    return "operands come from different places";
  }

  void report_near_miss(const Node& concat) {
    std::vector<NodeId> producers;
    for (ValueId input : concat.inputs) {
      auto member = siblings_.find(input);
      NodeId producer = graph_.value(input).producer;
      bool single = member && !set(member->set).is_leaf();
      if (producer == NodeId::kNone || (member && !single)) return;
      bool reads_member = false;
      for (ValueId operand : graph_.node(producer).inputs) {
        reads_member = reads_member || (operand != ValueId::kNone && siblings_.find(operand));
      }
      if (!reads_member) return;
      producers.push_back(producer);
    }
    const Node& first = graph_.node(producers[0]);
    const OpDef* definition = editor_.registry().find(first);
    if (definition == nullptr || !definition->batching) {
      editor_.near_miss(concat.id, fmt::format("{} has no batching rule", first.op_type));
    } else {
      editor_.near_miss(concat.id, difference(first, graph_.node(producers[1])));
    }
  }

  GraphEditor& editor_;
  const Graph& graph_;
  Siblings siblings_;
  LayoutPlan plan_;
  std::map<int, ValueId> built_;
  std::map<ValueId, ValueId> moved_;
};

}  // namespace

void merge_sibling_branches(GraphEditor& editor) {
  while (BranchMerger(editor).run()) {
  }
}

}  // namespace convoy
