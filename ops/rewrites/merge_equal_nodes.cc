// Common subexpressions: nodes with equal operator, attributes (defaults filled in) and operands
// become one. Small constants count as equal when their bytes are. Never: random operators, bodies.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "ops/rewrites/rules.h"
#include "runtime/onnx/inference.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

constexpr int64_t kComparedBytes = 256;

void append_tensor(std::string& key, const Tensor& tensor) {
  Tensor plain = tensor.contiguous();
  key += fmt::format("{}{}=", to_string(plain.dtype()), to_string(plain.shape()));
  auto bytes = static_cast<size_t>(plain.count()) * size_of(plain.dtype());
  if (bytes > 0) key.append(static_cast<const char*>(plain.raw()), bytes);
}

bool is_comparable(const Tensor& tensor) {
  return tensor.dtype() != DType::kString &&
         tensor.count() * static_cast<int64_t>(size_of(tensor.dtype())) <= kComparedBytes;
}

void append_operand(std::string& key, const Graph& graph, ValueId id) {
  const Tensor* tensor = graph.constant(id);
  if (tensor != nullptr && is_comparable(*tensor)) {
    key += "#";
    append_tensor(key, *tensor);
  } else {
    key += fmt::format("%{}", static_cast<int32_t>(id));
  }
  key += ';';
}

// Equal keys mean equal results; nullopt for nodes that are compared with none.
std::optional<std::string> key_of(const Graph& graph, const Node& node, bool commutative) {
  if (node.inputs.empty() || node.has_bodies()) return std::nullopt;
  Node canonical = node;
  fill_default_attributes(canonical);
  std::string key =
      fmt::format("{}:{}:{}:{}|", node.domain, node.op_type, node.version, node.overload);
  for (const auto& [name, value] : canonical.attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      if (!is_comparable(*tensor)) return std::nullopt;
      key += name + ":";
      append_tensor(key, *tensor);
    } else if (std::holds_alternative<std::vector<Tensor>>(value)) {
      return std::nullopt;
    } else if (const auto* number = std::get_if<float>(&value)) {
      key += fmt::format("{}:{:a}", name, *number);
    } else if (const auto* numbers = std::get_if<std::vector<float>>(&value)) {
      key += fmt::format("{}:{:a}", name, fmt::join(*numbers, ","));
    } else {
      key += name + ":" + to_string(value);
    }
    key += ';';
  }
  std::vector<std::string> operands;
  for (ValueId input : node.inputs) append_operand(operands.emplace_back(), graph, input);
  if (commutative && operands.size() == 2) std::sort(operands.begin(), operands.end());
  for (const std::string& operand : operands) key += operand;
  for (ValueId output : node.outputs) key += output == ValueId::kNone ? '-' : '+';
  return key;
}

void merge(GraphEditor& editor) {
  const Graph& graph = editor.graph();
  std::unordered_map<std::string, NodeId> first;
  for (NodeId id : graph.topological_order()) {
    if (!editor.may_fire()) return;
    if (!graph.contains(id)) continue;
    const Node& node = graph.node(id);
    const OpDef* definition = editor.registry().find(node);
    if (definition == nullptr || definition->random) continue;
    auto key = key_of(graph, node, definition->commutative);
    if (!key) continue;
    auto [known, added] = first.emplace(std::move(*key), id);
    if (added) continue;
    if (!graph.contains(known->second)) {
      known->second = id;
      continue;
    }
    GraphBuilder builder = editor.builder(id);
    std::vector<ValueId> values = graph.node(known->second).outputs;
    editor.replace(id, values, builder);
  }
}

}  // namespace

std::vector<RewriteStep> merge_equal_nodes() {
  return {Pass{"merge_equal_nodes", RuleSet::kPortable, merge}};
}

}  // namespace convoy
