// Elementwise nodes of float32, or of one 16-bit float, whose results nobody else reads become one
// FusedElementwise, which goes over memory once and rounds once. Lowering only.
#include "ops/fused_elementwise.h"

#include <algorithm>
#include <map>
#include <set>

#include "ops/elementwise/operators.h"
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/op/registry.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

using elementwise::Operand;
using elementwise::Program;
using elementwise::Step;

bool can_fuse(const Graph& graph, ValueId id) {
  const ValueType& type = graph.value(id).type;
  return !computes_in_float32(type) && type.shape;
}

// The node's formula, if it can take part.
std::optional<Program> formula_of(const Graph& graph, const Node& node) {
  if (node.outputs.size() != 1 || !can_fuse(graph, node.outputs[0])) return std::nullopt;
  DType dtype = graph.value(node.outputs[0]).type.dtype;
  bool fits = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    if (input == ValueId::kNone) return true;
    return can_fuse(graph, input) && graph.value(input).type.dtype == dtype;
  });
  if (!fits) return std::nullopt;
  bool fused = node.is("FusedElementwise", kPrivateDomain);
  auto program = fused ? read_fused_program(node) : elementwise::program_of(graph, node);
  if (!program || program->trailing_axes != 0 || program->outputs.size() != 1) return std::nullopt;
  return program;
}

// Nodes that end in one result of one shape.
class Cluster {
 public:
  Cluster(const Graph& graph, NodeId root) : graph_(graph), root_(root) {}

  // Takes in producers as long as all readers of their results are in already.
  void grow() {
    add(root_);
    for (size_t next = 0; next < nodes_.size(); ++next) {
      for (size_t i = 0; i < nodes_.size(); ++i) {
        for (ValueId input : graph_.node(nodes_[i]).inputs) consider(input);
      }
    }
  }

  size_t size() const { return nodes_.size(); }

  // An operand of the root that would have been taken in if nothing else read it; kNone if none.
  ValueId read_elsewhere() const {
    for (ValueId input : graph_.node(root_).inputs) {
      if (input == ValueId::kNone) continue;
      NodeId producer = graph_.value(input).producer;
      const ValueType& whole = graph_.value(graph_.node(root_).outputs[0]).type;
      bool fits = producer != NodeId::kNone && !programs_.contains(producer) &&
                  surely_equal_shapes(graph_.value(input).type, whole) &&
                  formula_of(graph_, graph_.node(producer));
      if (fits) return input;
    }
    return ValueId::kNone;
  }
  const std::vector<NodeId>& nodes() const { return nodes_; }

  // The whole cluster as one program over inputs(); nullopt beyond the limits of FusedElementwise.
  std::optional<Program> program() {
    Program whole;
    for (NodeId id : graph_order()) append(whole, id);
    if (static_cast<int>(whole.steps.size()) > kMaxFusedSteps ||
        static_cast<int>(inputs_.size()) > kMaxFusedInputs || inputs_.empty()) {
      return std::nullopt;
    }
    whole.inputs = static_cast<int>(inputs_.size());
    whole.outputs = {results_.at(graph_.node(root_).outputs[0])};
    return whole;
  }
  const std::vector<ValueId>& inputs() const { return inputs_; }

 private:
  void add(NodeId id) {
    auto program = formula_of(graph_, graph_.node(id));
    if (!program) return;
    steps_ += program->steps.size();
    programs_[id] = std::move(*program);
    nodes_.push_back(id);
  }

  void consider(ValueId value) {
    if (value == ValueId::kNone) return;
    const ValueInfo& info = graph_.value(value);
    if (info.producer == NodeId::kNone || info.is_output || programs_.contains(info.producer)) {
      return;
    }
    bool inside = std::all_of(info.uses.begin(), info.uses.end(), [&](const Use& use) {
      return use.slot != Use::kCapture && programs_.contains(use.node);
    });
    const ValueType& whole = graph_.value(graph_.node(root_).outputs[0]).type;
    if (!inside || !surely_equal_shapes(info.type, whole)) return;
    if (steps_ + 4 > static_cast<size_t>(kMaxFusedSteps)) return;
    if (nodes_.size() + 1 > static_cast<size_t>(kMaxFusedInputs)) return;
    add(info.producer);
  }

  // Producers first.
  std::vector<NodeId> graph_order() const {
    std::vector<NodeId> order;
    std::set<NodeId> done;
    auto visit = [&](auto& self, NodeId id) -> void {
      if (!done.insert(id).second) return;
      for (ValueId input : graph_.node(id).inputs) {
        if (input == ValueId::kNone) continue;
        NodeId producer = graph_.value(input).producer;
        if (producer != NodeId::kNone && programs_.contains(producer)) self(self, producer);
      }
      order.push_back(id);
    };
    visit(visit, root_);
    return order;
  }

  // A constant of one element becomes a number of the program, unless its rank decides the shape.
  std::optional<float> number(const Node& node, ValueId value) const {
    const Tensor* tensor = graph_.constant(value);
    if (tensor == nullptr || tensor->count() != 1) return std::nullopt;
    bool decides = std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId other) {
      return other != ValueId::kNone && graph_.constant(other) == nullptr &&
             graph_.value(other).type.rank() >= tensor->rank();
    });
    if (decides) return std::nullopt;
    return static_cast<float>(to_doubles(*tensor)[0]);
  }

  Operand operand_for(const Node& node, ValueId value) {
    if (auto result = results_.find(value); result != results_.end()) {
      return Operand::step(result->second);
    }
    if (auto constant = number(node, value)) return Operand::number(*constant);
    auto known = std::find(inputs_.begin(), inputs_.end(), value);
    if (known == inputs_.end()) known = inputs_.insert(inputs_.end(), value);
    return Operand::input(static_cast<int>(known - inputs_.begin()));
  }

  void append(Program& whole, NodeId id) {
    const Node& node = graph_.node(id);
    const Program& part = programs_.at(id);
    auto offset = static_cast<int>(whole.steps.size());
    for (Step step : part.steps) {
      for (int k = 0; k < arity_of(step.formula); ++k) {
        Operand& operand = step.operands[k];
        if (operand.kind == Operand::Kind::kStep) {
          operand.index += offset;
        } else if (operand.kind == Operand::Kind::kInput) {
          operand = operand_for(node, node.input(part.slot(operand.index)));
        }
      }
      whole.steps.push_back(step);
    }
    results_[node.outputs[0]] = part.outputs[0] + offset;
  }

  const Graph& graph_;
  NodeId root_;
  std::vector<NodeId> nodes_;
  std::map<NodeId, Program> programs_;
  std::vector<ValueId> inputs_;
  std::map<ValueId, int> results_;
  size_t steps_ = 0;
};

void fuse(GraphEditor& editor) {
  const Graph& graph = editor.graph();
  std::vector<NodeId> order = graph.topological_order();
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    if (!editor.may_fire()) return;
    if (!graph.contains(*id) || !formula_of(graph, graph.node(*id))) continue;
    Cluster cluster(graph, *id);
    cluster.grow();
    if (cluster.size() < 2) {
      ValueId value = cluster.read_elsewhere();
      if (value == ValueId::kNone) continue;
      editor.near_miss(*id, fmt::format("'{}' is read elsewhere", graph.value_name(value)));
      continue;
    }
    auto program = cluster.program();
    if (!program) {
      editor.near_miss(*id, "there are too many steps or operands",
                       editor.describe(cluster.nodes()));
      continue;
    }
    GraphBuilder builder = editor.builder(*id);
    ValueType type = graph.value(graph.node(*id).outputs[0]).type;
    std::string before = editor.describe(cluster.nodes());
    ValueId fused = builder.node("FusedElementwise", cluster.inputs(), fused_attributes(*program),
                                 std::move(type), kPrivateDomain);
    editor.replace(*id, {fused}, builder, std::move(before));
  }
}

}  // namespace

std::vector<RewriteStep> fuse_elementwise() {
  return {Pass{"fuse_elementwise", RuleSet::kLowering, fuse}};
}

}  // namespace convoy
