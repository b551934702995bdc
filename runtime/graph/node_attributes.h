// Short forms for reading a node's attributes and operands inside guards.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/graph/graph.h"

namespace convoy {

inline int64_t integer_of(const Node& node, std::string_view name, int64_t otherwise) {
  auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return otherwise;
  const auto* value = std::get_if<int64_t>(&found->second);
  return value ? *value : otherwise;
}

inline float number_of(const Node& node, std::string_view name, float otherwise) {
  auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return otherwise;
  const auto* value = std::get_if<float>(&found->second);
  return value ? *value : otherwise;
}

inline std::string text_of(const Node& node, std::string_view name, std::string_view otherwise) {
  auto found = node.attributes.find(name);
  const auto* value =
      found == node.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value ? *value : std::string(otherwise);
}

inline std::optional<std::vector<int64_t>> integers_of(const Node& node, std::string_view name) {
  auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return std::nullopt;
  const auto* value = std::get_if<std::vector<int64_t>>(&found->second);
  if (value == nullptr) return std::nullopt;
  return *value;
}

// A list that is an attribute in old opsets and constant input number `slot` in new ones; nullopt
// when it is absent or not constant.
inline std::optional<std::vector<int64_t>> integers_of(const Graph& graph, const Node& node,
                                                       std::string_view name, int slot) {
  if (node.has_input(slot)) return graph.constant_int64s(node.input(slot));
  return integers_of(node, name);
}

// Axes in [0, rank); nullopt when one is outside.
inline std::optional<std::vector<int64_t>> normalized(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    if (axis < -rank || axis >= rank) return std::nullopt;
    if (axis < 0) axis += rank;
  }
  return axes;
}

// Is every axis in [0, rank) named once?
inline bool is_permutation(std::vector<int64_t> perm, int64_t rank) {
  if (static_cast<int64_t>(perm.size()) != rank) return false;
  std::sort(perm.begin(), perm.end());
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

// Does a Slice up to `end` take all that follows, whatever a size that is not known will be?
inline bool reaches_end(int64_t end, int64_t size) {
  return end >= (size < 0 ? kMostElements : size);
}

}  // namespace convoy
