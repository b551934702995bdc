#include "runtime/plan/analysis.h"

#include <algorithm>

#include "runtime/base/caught.h"
#include "runtime/op/evaluate.h"
#include "runtime/op/select_kernel.h"

namespace convoy {
namespace {

class Analyzer {
 public:
  Analyzer(const Graph& graph, const PlanOptions& options) : graph_(graph), options_(options) {
    result_.values.resize(graph.value_count());
    result_.nodes.resize(graph.node_limit());
  }

  Analysis run(const std::vector<TensorDesc>& inputs) {
    set_inputs(inputs);
    for (size_t i = 0; i < graph_.value_count(); ++i) {
      auto id = static_cast<ValueId>(i);
      if (const Tensor* constant = graph_.constant(id)) set_constant(id, *constant, true);
    }
    result_.order = graph_.topological_order();
    for (NodeId id : result_.order) {
      const Node& node = graph_.node(id);
      gather(node);
      try {
        visit(node);
      } catch (const std::exception&) {
        rethrow_caught(node_context(graph_, node, descs_));
      }
    }
    return std::move(result_);
  }

 private:
  using Kind = ValueFacts::Kind;

  ValueFacts& facts(ValueId id) { return result_.values[index_of(id)]; }
  NodeFacts& facts(NodeId id) { return result_.nodes[index_of(id)]; }

  void set_inputs(const std::vector<TensorDesc>& inputs) {
    size_t count = graph_.inputs().size();
    for (size_t i = 0; i < inputs.size(); ++i) {
      ValueId id = i < count ? graph_.inputs()[i] : graph_.captures()[i - count].inner;
      bool tensor = inputs[i].dtype != DType::kUndefined && inputs[i].dtype != DType::kString &&
                    !options_.all_dynamic;
      facts(id).kind = tensor ? Kind::kStatic : Kind::kDynamic;
      facts(id).desc = inputs[i];
    }
  }

  void set_constant(ValueId id, const Tensor& tensor, bool lasting) {
    facts(id) = {Kind::kConstant, tensor, tensor.desc(), lasting};
  }

  void gather(const Node& node) {
    descs_.clear();
    constants_.clear();
    any_dynamic_ = false;
    all_constant_ = true;
    for (ValueId input : node.inputs) {
      if (input == ValueId::kNone) {
        descs_.emplace_back();
        constants_.push_back(nullptr);
        continue;
      }
      const ValueFacts& known = facts(input);
      descs_.push_back(known.desc);
      constants_.push_back(known.kind == Kind::kConstant ? &known.constant : nullptr);
      any_dynamic_ = any_dynamic_ || known.kind == Kind::kDynamic;
      all_constant_ = all_constant_ && known.kind == Kind::kConstant;
    }
  }

  void visit(const Node& node) {
    NodeFacts& about = facts(node.id);
    about.definition = options_.registry->find(node);
    check_supported(about.definition != nullptr, "the operator {}-{} is not supported",
                    node.qualified_type(), node.version);
    const OpDef& definition = *about.definition;
    if (any_dynamic_ || node.has_bodies()) return set_dynamic(node);
    if (definition.dynamic) {
      return all_constant_ && !definition.random && fold_values(node) ? void() : set_dynamic(node);
    }
    std::vector<TensorDesc> outputs = infer_node(definition, node, descs_, constants_);
    if (fold_types(node, outputs)) return;
    bool unplaceable = false;  // unknown, or strings, which live outside the arena
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      unplaceable = unplaceable || outputs[j].dtype == DType::kUndefined ||
                    outputs[j].dtype == DType::kString;
    }
    if (all_constant_ && !definition.random && small_enough(outputs) && fold_values(node)) return;
    if (unplaceable || options_.all_dynamic) return set_dynamic(node);
    about.kind = NodeFacts::Kind::kStatic;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      facts(node.outputs[j]).kind = Kind::kStatic;
      facts(node.outputs[j]).desc = outputs[j];
    }
  }

  void set_dynamic(const Node& node) {
    facts(node.id).kind = NodeFacts::Kind::kDynamic;
    for (ValueId output : node.outputs) {
      if (output != ValueId::kNone) facts(output).kind = Kind::kDynamic;
    }
  }

  // A value that grows beyond its operands is computed in every run rather than kept.
  bool small_enough(const std::vector<TensorDesc>& outputs) const {
    constexpr int64_t kAlwaysKept = 1 << 16;
    int64_t before = 0;
    int64_t after = 0;
    for (const TensorDesc& input : descs_) {
      if (input.dtype != DType::kUndefined) before += input.bytes();
    }
    for (const TensorDesc& output : outputs) {
      if (output.dtype != DType::kUndefined) after += output.bytes();
    }
    return after <= std::max(kAlwaysKept, before);
  }

  bool fold_types(const Node& node, const std::vector<TensorDesc>& outputs) {
    const OpDef& definition = *facts(node.id).definition;
    if (!definition.fold) return false;
    KernelRequest request(graph_, node);
    request.inputs = descs_;
    request.outputs = outputs;
    request.constants = constants_;
    auto folded = definition.fold(request);
    if (!folded) return false;
    return keep(node, {folded->begin(), folded->end()});
  }

  bool fold_values(const Node& node) {
    std::vector<Value> inputs;
    for (const Tensor* constant : constants_) {
      inputs.push_back(constant ? Value(*constant) : Value());
    }
    EvaluateEnvironment environment{*options_.registry, *options_.threads};
    return keep(node, evaluate_node(graph_, node, inputs, {}, environment));
  }

  bool keep(const Node& node, const std::vector<Value>& outputs) {
    for (const Value& output : outputs) {
      if (output.defined() && !output.is_tensor()) return false;
    }
    facts(node.id).kind = NodeFacts::Kind::kFolded;
    ++result_.folded;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      set_constant(node.outputs[j], outputs[j].tensor().contiguous(), false);
    }
    return true;
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Analysis result_;
  std::vector<TensorDesc> descs_;
  std::vector<const Tensor*> constants_;
  bool any_dynamic_ = false;
  bool all_constant_ = false;
};

}  // namespace

Analysis analyze(const Graph& graph, const std::vector<TensorDesc>& inputs,
                 const PlanOptions& options) {
  return Analyzer(graph, options).run(inputs);
}

}  // namespace convoy
