// Nodes whose inputs are all constant become constants. Never: random operators, operators with
// bodies, results that grow beyond the fold limit. DequantizeLinear only in a session: in a file
// weights stay small.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "runtime/op/evaluate.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

int64_t bytes_of(const TensorDesc& desc) {
  int64_t size = static_cast<int64_t>(std::max<size_t>(size_of(desc.dtype), 1));
  return checked_multiply(desc.count(), size);
}

// The tensor that a Constant node holds; undefined for forms that Convoy leaves alone.
Tensor constant_attribute(const Node& node) {
  if (node.attributes.size() != 1) return {};
  const auto& [name, value] = *node.attributes.begin();
  if (const auto* tensor = std::get_if<Tensor>(&value)) return *tensor;
  if (const auto* integer = std::get_if<int64_t>(&value)) return Tensor::scalar(*integer);
  if (const auto* number = std::get_if<float>(&value)) return Tensor::scalar(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return Tensor::scalar(*text);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    return Tensor::from_int64s(*list);
  }
  if (const auto* list = std::get_if<std::vector<float>>(&value)) {
    return Tensor::from<float>({static_cast<int64_t>(list->size())}, *list);
  }
  return {};
}

class ConstantFolder {
 public:
  ConstantFolder(GraphEditor& editor, bool dequantizes)
      : editor_(editor), graph_(editor.graph()), dequantizes_(dequantizes) {}

  void run() {
    for (NodeId id : graph_.topological_order()) {
      if (!editor_.may_fire()) return;
      if (graph_.contains(id)) visit(id);
    }
  }

 private:
  void visit(NodeId id) {
    const Node& node = graph_.node(id);
    bool read_by_output = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId out) {
      return out != ValueId::kNone && graph_.value(out).is_output;
    });
    if (read_by_output) return;
    if (node.is("Constant")) {
      if (Tensor tensor = constant_attribute(node); tensor.defined()) put(id, {tensor});
      return;
    }
    if (!is_foldable(node)) return;
    try {
      fold(id);
    } catch (const Error& error) {
      editor_.near_miss(id, error.message());
    }
  }

  bool is_foldable(const Node& node) const {
    if (node.inputs.empty() || node.has_bodies()) return false;
    if (node.is("DequantizeLinear") && (!dequantizes_ || is_table(node.outputs[0]))) return false;
    for (ValueId input : node.inputs) {
      if (input != ValueId::kNone && graph_.constant(input) == nullptr) return false;
    }
    const OpDef* definition = editor_.registry().find(node);
    return definition != nullptr && !definition->random;
  }

  // Of a table little is read.
  bool is_table(ValueId value) const {
    const auto& uses = graph_.value(value).uses;
    return std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
      return use.slot != Use::kCapture && graph_.node(use.node).is("Gather");
    });
  }

  bool may_grow(const Node& node, int64_t bytes, int64_t grown) {
    if (!node.is("DequantizeLinear")) {
      return grown <= editor_.options().fold_limit_bytes || grown <= bytes;
    }
    if (dequantized_bytes_ + grown > editor_.options().dequantize_limit_bytes) return false;
    dequantized_bytes_ += grown;
    return true;
  }

  void fold(NodeId id) {
    const Node& node = graph_.node(id);
    std::vector<Value> inputs;
    std::vector<TensorDesc> descs;
    std::vector<const Tensor*> constants;
    int64_t bytes = 0;
    for (ValueId input : node.inputs) {
      const Tensor* tensor = graph_.constant(input);
      constants.push_back(tensor);
      inputs.push_back(tensor ? Value(*tensor) : Value());
      descs.push_back(tensor ? tensor->desc() : TensorDesc{});
      if (tensor) bytes += bytes_of(tensor->desc());
    }
    const OpDef& definition = *editor_.registry().find(node);
    for (const TensorDesc& output : infer_node(definition, node, descs, constants)) {
      if (output.dtype == DType::kUndefined) continue;
      int64_t grown = bytes_of(output);
      if (!may_grow(node, bytes, grown)) {
        return editor_.near_miss(id, fmt::format("the result has {} bytes", grown));
      }
    }
    EvaluateEnvironment environment{editor_.registry(), *editor_.options().threads, nullptr, {}};
    std::vector<Value> outputs =
        evaluate_node(graph_, node, inputs, std::vector<bool>(inputs.size(), true), environment);
    std::vector<Tensor> tensors;
    for (const Value& output : outputs) {
      if (output.defined() && !output.is_tensor()) return;
      tensors.push_back(output.defined() ? own_copy(output.tensor()) : Tensor());
    }
    put(id, tensors);
  }

  // A view into a larger constant would keep all of it alive.
  static Tensor own_copy(const Tensor& tensor) {
    bool whole = tensor.desc().is_contiguous() && tensor.buffer() &&
                 tensor.buffer()->bytes() <= static_cast<size_t>(bytes_of(tensor.desc())) + 64;
    return whole ? tensor : tensor.clone();
  }

  void put(NodeId id, const std::vector<Tensor>& tensors) {
    GraphBuilder builder = editor_.builder(id);
    std::vector<ValueId> values;
    for (size_t j = 0; j < graph_.node(id).outputs.size(); ++j) {
      bool given = j < tensors.size() && tensors[j].defined();
      values.push_back(given ? builder.constant(tensors[j]) : ValueId::kNone);
    }
    editor_.replace(id, values, builder, "", "constant");
  }

  GraphEditor& editor_;
  const Graph& graph_;
  bool dequantizes_;
  int64_t dequantized_bytes_ = 0;
};

}  // namespace

std::vector<RewriteStep> fold_constants() {
  return {Pass{"fold_constants", RuleSet::kPortable,
               [](GraphEditor& editor) { ConstantFolder(editor, false).run(); }}};
}

std::vector<RewriteStep> dequantize_weights() {
  return {Pass{"dequantize_weights", RuleSet::kLowering,
               [](GraphEditor& editor) { ConstantFolder(editor, true).run(); }}};
}

}  // namespace convoy
