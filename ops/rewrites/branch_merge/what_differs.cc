#include "ops/rewrites/branch_merge/what_differs.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/ranges.h>

#include "runtime/graph/node_attributes.h"
#include "runtime/onnx/inference.h"

namespace convoy {
namespace {

constexpr size_t kMostBranches = 256;
constexpr int kMostLevels = 32;
constexpr size_t kMostGroups = 3;  // that are told apart from the others

using Properties = std::vector<std::pair<std::string, std::string>>;

std::string sizes_text(std::span<const int64_t> sizes) {
  return fmt::format("{}", fmt::join(sizes, "×"));
}

void add_operands(const Graph& graph, const Registry& registry, const Node& node,
                  Properties& properties) {
  const OpDef* definition = registry.find(node);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    bool absent = node.inputs[i] == ValueId::kNone;
    const Tensor* tensor = absent ? nullptr : graph.constant(node.inputs[i]);
    bool optional = definition != nullptr && definition->batching.lets_lack(i);
    if (optional && (tensor != nullptr || absent)) continue;
    bool weight = i == 1 && (node.is("Conv") || node.is("ConvTranspose"));
    std::string name = weight ? "a weight" : fmt::format("operand {}", i + 1);
    if (tensor == nullptr) {
      properties.emplace_back(name, absent ? "left out" : "computed");
    } else {
      properties.emplace_back(
          name, fmt::format("{}{}", to_string(tensor->dtype()), to_string(tensor->shape())));
    }
  }
}

// What siblings must have in common, the telling ones first.
Properties properties_of(const Graph& graph, const Registry& registry, const Node& node) {
  Node canonical = node;
  fill_default_attributes(canonical);
  Properties properties = {{"operator", node.qualified_type()}};
  const Tensor* weight = node.inputs.size() > 1 ? graph.constant(node.inputs[1]) : nullptr;
  auto kernel = integers_of(canonical, "kernel_shape");
  if (!kernel && weight && (node.is("Conv") || node.is("ConvTranspose")) && weight->rank() > 2) {
    kernel.emplace(weight->shape().begin() + 2, weight->shape().end());
  }
  if (kernel) {
    properties.emplace_back("kernel", sizes_text(*kernel));
    std::vector<int64_t> ones(kernel->size(), 1);
    canonical.attributes.try_emplace("strides", ones);
    canonical.attributes.try_emplace("dilations", ones);
    canonical.attributes.try_emplace("pads", std::vector<int64_t>(2 * kernel->size(), 0));
  }
  for (const auto& [name, value] : canonical.attributes) {
    if (name == "kernel_shape" || std::holds_alternative<Tensor>(value)) continue;
    const auto* list = std::get_if<std::vector<int64_t>>(&value);
    bool short_list = list != nullptr && name != "pads" && !list->empty();
    properties.emplace_back(name, short_list ? sizes_text(*list) : to_string(value));
  }
  add_operands(graph, registry, node, properties);
  return properties;
}

std::string branches_text(const std::vector<size_t>& branches) {
  if (branches.size() == 1) return fmt::format("branch {}", branches[0] + 1);
  if (branches.size() > 8) return fmt::format("{} branches", branches.size());
  std::string text = "branches ";
  for (size_t i = 0; i < branches.size(); ++i) {
    if (i > 0) text += i + 1 == branches.size() ? " and " : ", ";
    text += std::to_string(branches[i] + 1);
  }
  return text;
}

// values: by branch, of one property; "" where a branch lacks it.
std::string told_apart(const std::string& name, const std::vector<std::string>& values) {
  std::map<std::string, std::vector<size_t>> by_value;
  for (size_t i = 0; i < values.size(); ++i) by_value[values[i]].push_back(i);
  std::vector<std::pair<std::string, std::vector<size_t>>> groups(by_value.begin(), by_value.end());
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  auto shown = [](const std::string& value) { return value.empty() ? "none" : value; };
  if (groups[0].second.size() == 1) {
    return fmt::format("no two branches have the same {}: {}, {} …", name, shown(values[0]),
                       shown(values[1]));
  }
  std::vector<std::pair<std::string, std::vector<size_t>>> others(groups.begin() + 1, groups.end());
  std::sort(others.begin(), others.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  std::string text;
  for (size_t i = 0; i < others.size() && i < kMostGroups; ++i) {
    const auto& [value, branches] = others[i];
    text += i == 0 ? branches_text(branches) : ", " + branches_text(branches);
    if (i == 0) text += fmt::format(" of {}", values.size());
    text += branches.size() == 1 ? " has " : " have ";
    text += i == 0 ? name + " " + shown(value) : shown(value);
  }
  if (others.size() > kMostGroups) text += ", …";
  return text + ", the others " + shown(groups[0].first);
}

std::optional<std::string> difference(const std::vector<Properties>& branches) {
  for (const auto& [name, first] : branches[0]) {
    std::vector<std::string> values;
    for (const Properties& properties : branches) {
      auto found = std::find_if(properties.begin(), properties.end(),
                                [&](const auto& entry) { return entry.first == name; });
      values.push_back(found == properties.end() ? "" : found->second);
    }
    bool same = std::all_of(values.begin(), values.end(),
                            [&](const std::string& value) { return value == first; });
    if (!same) return told_apart(name, values);
  }
  return std::nullopt;
}

}  // namespace

ValueId leading_operand(const Graph& graph, const Node& node) {
  for (ValueId input : node.inputs) {
    if (input != ValueId::kNone && graph.constant(input) == nullptr) return input;
  }
  return ValueId::kNone;
}

std::optional<std::string> what_differs(const Graph& graph, const Registry& registry,
                                        std::span<const ValueId> ends) {
  std::vector<ValueId> values(
      ends.begin(), ends.begin() + static_cast<int64_t>(std::min(ends.size(), kMostBranches)));
  if (values.size() < 2) return std::nullopt;
  for (int level = 0; level < kMostLevels; ++level) {
    std::vector<Properties> branches;
    for (ValueId& value : values) {
      NodeId producer = graph.value(value).producer;
      if (producer == NodeId::kNone) {
        branches.push_back({{"operator", "none"}});
        value = ValueId::kNone;
        continue;
      }
      branches.push_back(properties_of(graph, registry, graph.node(producer)));
      value = leading_operand(graph, graph.node(producer));
    }
    if (auto found = difference(branches)) return found;
    bool together = std::all_of(values.begin(), values.end(),
                                [&](ValueId value) { return value == values[0]; });
    if (together) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace convoy
