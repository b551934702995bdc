// Classifiers of ai.onnx.ml with labels of text: they number the classes and a LabelEncoder names
// them. Text has no place in a plan, so that the whole classifier would be made anew in every run.
#include <algorithm>

#include "ops/rewrites/rules.h"

namespace convoy {
namespace {

constexpr std::string_view kDomain = "ai.onnx.ml";

std::string_view integer_labels_of(const Node& node) {
  return node.op_type == "TreeEnsembleClassifier" ? "classlabels_int64s" : "classlabels_ints";
}

const std::vector<std::string>* labels_of(const Node& node) {
  auto found = node.attributes.find("classlabels_strings");
  if (found == node.attributes.end()) return nullptr;
  const auto* labels = std::get_if<std::vector<std::string>>(&found->second);
  return labels != nullptr && !labels->empty() ? labels : nullptr;
}

std::vector<ValueId> number_classes(const Match& match, GraphBuilder& builder) {
  const Node& node = match.root();
  const Graph& graph = match.graph();
  const std::vector<std::string> labels = *labels_of(node);
  std::vector<int64_t> numbers(labels.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  const ValueType named = graph.value(node.outputs[0]).type;
  ValueType numbered = named;
  numbered.dtype = DType::kInt64;
  std::vector<ValueType> types{numbered};
  if (node.outputs.size() > 1) types.push_back(graph.value(node.outputs[1]).type);
  Attributes attributes = node.attributes;
  attributes.erase("classlabels_strings");
  attributes[std::string(integer_labels_of(node))] = numbers;
  const int version = node.version;
  std::vector<ValueId> outputs =
      builder.nodes(node.op_type, node.inputs, std::move(attributes), types);
  Node& added = builder.graph().mutable_node(builder.added().back());
  added.domain = kDomain;
  added.version = version;
  outputs[0] =
      builder.node("LabelEncoder", {outputs[0]},
                   {{"keys_int64s", numbers}, {"values_strings", labels}}, named, kDomain, 2);
  return outputs;
}

}  // namespace

std::vector<RewriteStep> separate_string_labels() {
  Pattern classifier = op_with(&OpDef::classifies, {any("x")}).domain(kDomain);
  Rule rule{"separate_string_labels", RuleSet::kLowering, classifier,
            [](const Match& match) -> Refusal {
              const Node& node = match.root();
              if (labels_of(node) == nullptr) return "the labels are no text";
              const bool all = std::ranges::none_of(
                  node.outputs, [](ValueId output) { return output == ValueId::kNone; });
              return all ? Refusal() : "an output is left out";
            },
            number_classes};
  rule.quiet = true;
  return {rule};
}

}  // namespace convoy
