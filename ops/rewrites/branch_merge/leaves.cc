#include "ops/rewrites/branch_merge/leaves.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// The size of `axis` (normalized here) of a value; nullopt when the rank is unknown or the axis is
// outside. A size that is not known is -1.
std::optional<int64_t> size_on(const Graph& graph, ValueId value, int64_t& axis) {
  const ValueType& type = graph.value(value).type;
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  if (axis < 0) axis += type.rank();
  if (axis < 0 || axis >= type.rank()) return std::nullopt;
  return (*type.shape)[static_cast<size_t>(axis)].size;
}

std::optional<Leaf> of_gather(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 2) return std::nullopt;
  int64_t axis = integer_of(node, "axis", 0);
  auto size = size_on(graph, node.inputs[0], axis);
  const Tensor* tensor = graph.constant(node.inputs[1]);
  if (!size || tensor == nullptr || tensor->rank() > 1) return std::nullopt;
  auto indices = graph.constant_int64s(node.inputs[1]);
  if (!indices || indices->empty()) return std::nullopt;
  for (int64_t& index : *indices) {
    if (index < 0 && *size < 0) return std::nullopt;
    if (index < 0) index += *size;
    if (index < 0 || index > kMostPositions) return std::nullopt;
    if (*size >= 0 && index >= *size) return std::nullopt;
  }
  for (size_t i = 1; i < indices->size(); ++i) {
    if ((*indices)[i] != (*indices)[0] + static_cast<int64_t>(i)) return std::nullopt;
  }
  return Leaf{node.inputs[0], static_cast<int>(axis), (*indices)[0],
              static_cast<int64_t>(indices->size()), tensor->rank() == 0};
}

// The bounds that Slice applies on a dimension of `size`; nullopt when they need an unknown size.
std::optional<std::pair<int64_t, int64_t>> slice_bounds(int64_t start, int64_t end, int64_t size) {
  if (size < 0) return std::nullopt;
  auto clamp = [size](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + size : position, 0, size);
  };
  return std::pair(clamp(start), clamp(end));
}

std::optional<Leaf> of_slice(const Graph& graph, const Node& node) {
  auto starts = integers_of(graph, node, "starts", 1);
  auto ends = integers_of(graph, node, "ends", 2);
  auto axes = integers_of(graph, node, "axes", 3);
  if (!starts || !ends || starts->size() != ends->size()) return std::nullopt;
  if (node.has_input(4)) {
    auto steps = graph.constant_int64s(node.input(4));
    if (!steps) return std::nullopt;
    bool forward = std::all_of(steps->begin(), steps->end(), [](int64_t s) { return s == 1; });
    if (!forward) return std::nullopt;
  }
  if (!axes) {
    if (node.has_input(3)) return std::nullopt;
    axes.emplace();
    for (size_t i = 0; i < starts->size(); ++i) axes->push_back(static_cast<int64_t>(i));
  }
  std::optional<Leaf> leaf;
  for (size_t i = 0; i < starts->size() && i < axes->size(); ++i) {
    int64_t axis = (*axes)[i];
    auto size = size_on(graph, node.inputs[0], axis);
    if (!size) return std::nullopt;
    if ((*starts)[i] == 0 && reaches_end((*ends)[i], *size)) continue;
    auto bounds = slice_bounds((*starts)[i], (*ends)[i], *size);
    if (!bounds || bounds->second <= bounds->first || leaf) return std::nullopt;
    leaf = Leaf{node.inputs[0], static_cast<int>(axis), bounds->first,
                bounds->second - bounds->first, false};
  }
  return leaf;
}

std::optional<Leaf> of_split(const Graph& graph, const Node& node, int slot) {
  int64_t axis = integer_of(node, "axis", 0);
  auto size = size_on(graph, node.inputs[0], axis);
  if (!size || *size > kMostPositions) return std::nullopt;
  auto sizes = integers_of(graph, node, "split", 1);
  if (!sizes) {
    if (node.has_input(1) || *size < 0) return std::nullopt;
    int64_t parts = integer_of(node, "num_outputs", static_cast<int64_t>(node.outputs.size()));
    if (parts != static_cast<int64_t>(node.outputs.size())) return std::nullopt;
    int64_t each = (*size + parts - 1) / parts;
    sizes = List(static_cast<size_t>(parts), each);
    sizes->back() = *size - each * (parts - 1);
  }
  bool sound = std::all_of(sizes->begin(), sizes->end(),
                           [](int64_t part) { return part >= 0 && part <= kMostPositions; });
  if (!sound || slot >= static_cast<int>(sizes->size())) return std::nullopt;
  Leaf leaf{node.inputs[0], static_cast<int>(axis), 0, (*sizes)[static_cast<size_t>(slot)], false};
  for (int i = 0; i < slot; ++i) leaf.start += (*sizes)[static_cast<size_t>(i)];
  if (leaf.length < 1 || (*size >= 0 && leaf.start + leaf.length > *size)) return std::nullopt;
  return leaf;
}

std::optional<Leaf> of_sequence(const Graph& graph, const Node& at) {
  if (at.inputs.size() < 2) return std::nullopt;
  NodeId producer = graph.value(at.inputs[0]).producer;
  auto position = graph.constant_int64s(at.inputs[1]);
  if (producer == NodeId::kNone || !position || position->size() != 1) return std::nullopt;
  const Node& split = graph.node(producer);
  if (!split.is("SplitToSequence") || !split.has_input(0)) return std::nullopt;
  int64_t axis = integer_of(split, "axis", 0);
  auto size = size_on(graph, split.inputs[0], axis);
  if (!size || *size < 1) return std::nullopt;
  int64_t length = 1;
  bool squeezed = !split.has_input(1) && integer_of(split, "keepdims", 1) == 0;
  if (split.has_input(1)) {
    auto lengths = graph.constant_int64s(split.input(1));
    if (!lengths || lengths->empty()) return std::nullopt;
    length = (*lengths)[0];
    bool equal = std::all_of(lengths->begin(), lengths->end(),
                             [&](int64_t other) { return other == length; });
    if (!equal || length < 1 || *size % length != 0) return std::nullopt;
  }
  int64_t parts = *size / length;
  int64_t index = (*position)[0] < 0 ? (*position)[0] + parts : (*position)[0];
  if (index < 0 || index >= parts) return std::nullopt;
  return Leaf{split.inputs[0], static_cast<int>(axis), index * length, length, squeezed};
}

std::optional<Leaf> of_squeeze(const Graph& graph, const Node& node) {
  auto axes = integers_of(graph, node, "axes", 1);
  if (!axes || axes->size() != 1) return std::nullopt;
  auto known = normalized(*axes, std::max(0, graph.value(node.inputs[0]).type.rank()));
  NodeId producer = graph.value(node.inputs[0]).producer;
  // What is squeezed already is none: chains of Squeeze are not followed.
  if (!known || producer == NodeId::kNone || graph.node(producer).is("Squeeze")) {
    return std::nullopt;
  }
  auto leaf = describe_leaf(graph, node.inputs[0]);
  if (!leaf || leaf->squeezed || leaf->length != 1) return std::nullopt;
  if ((*known)[0] != leaf->axis) return std::nullopt;
  leaf->squeezed = true;
  return leaf;
}

std::optional<Leaf> of_node(const Graph& graph, const Node& node, int slot) {
  if (node.op_type == "Gather") return of_gather(graph, node);
  if (node.op_type == "Slice") return of_slice(graph, node);
  if (node.op_type == "Split") return of_split(graph, node, slot);
  if (node.op_type == "SequenceAt") return of_sequence(graph, node);
  if (node.op_type == "Squeeze") return of_squeeze(graph, node);
  return std::nullopt;
}

}  // namespace

std::string Leaf::form() const { return fmt::format("{} {} {}", axis, length, squeezed); }

std::optional<Leaf> describe_leaf(const Graph& graph, ValueId value) {
  const ValueInfo& info = graph.value(value);
  if (info.producer == NodeId::kNone) return std::nullopt;
  const Node& node = graph.node(info.producer);
  if (!node.domain.empty() || !node.has_input(0)) return std::nullopt;
  auto leaf = of_node(graph, node, info.producer_slot);
  bool listed = leaf && leaf->start <= kMostPositions && leaf->length <= kMostIndices;
  return listed ? leaf : std::nullopt;
}

}  // namespace convoy
