// Operators along named axes: reductions, Softmax and its kind, Concat, Slice, Gather, Pad. The
// stacked axis goes anywhere; folds are left alone on axes that the operator does not touch.
#include <algorithm>
#include <numeric>
#include <set>

#include "ops/batching/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// The number that `axis` of a member has in the stacked value.
int64_t shifted(int64_t axis, StackLayout layout) {
  bool moved = layout.kind == StackLayout::Kind::kAxis && axis >= layout.axis;
  return moved ? axis + 1 : axis;
}

// A list that is an attribute in old opsets and input `slot` in new ones: the same for all members.
std::optional<List> list_of(const BatchingRequest& request, const char* name, size_t slot) {
  if (!request.has(slot)) return integers_of(request.node, name);
  const BatchedOperand& operand = request.operands[slot];
  if (!request.is_constant(slot) || !operand.equal) return std::nullopt;
  return to_int64s(operand.constants[0]);
}

bool lacks(const BatchingRequest& request, const char* name, size_t slot) {
  return !request.has(slot) && !request.node.attributes.contains(name);
}

// Layouts in which an operator on `axes` of members of this rank leaves the stacked dimension
// alone.
std::vector<StackLayout> layouts_beside(const List& axes, int rank) {
  std::vector<StackLayout> layouts;
  for (StackLayout layout : all_layouts(rank)) {
    bool touched = std::find(axes.begin(), axes.end(), layout.axis) != axes.end();
    if (layout.kind == StackLayout::Kind::kAxis || !touched) layouts.push_back(layout);
  }
  return layouts;
}

// The layout once the (sorted, member's) axes are gone.
StackLayout without(StackLayout layout, const List& axes) {
  auto below =
      std::count_if(axes.begin(), axes.end(), [&](int64_t axis) { return axis < layout.axis; });
  layout.axis -= static_cast<int>(below);
  return layout;
}

}  // namespace

std::vector<BatchedForm> batch_reduction(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0)) return forms;
  const Node& node = request.node;
  int rank = request.operands[0].type.rank();
  bool takes_input = node.version >= (node.op_type == "ReduceSum" ? 13 : 18);
  List axes;
  if (!lacks(request, "axes", 1)) {
    auto given = list_of(request, "axes", 1);
    if (!given) return forms;
    axes = *given;
  }
  if (axes.empty()) {
    if (integer_of(node, "noop_with_empty_axes", 0) != 0) return forms;
    axes.resize(static_cast<size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  auto known = normalized(axes, rank);
  if (!known) return forms;
  std::sort(known->begin(), known->end());
  known->erase(std::unique(known->begin(), known->end()), known->end());
  bool keeps = integer_of(node, "keepdims", 1) != 0;
  for (StackLayout layout : layouts_beside(*known, rank)) {
    List moved;
    for (int64_t axis : *known) moved.push_back(shifted(axis, layout));
    Node like = node;
    like.attributes.erase("axes");
    if (!takes_input) like.attributes["axes"] = moved;
    forms.push_back(
        {{layout, {}},
         keeps ? layout : without(layout, *known),
         0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           if (takes_input) inputs.push_back(builder.int64s(moved, "axes"));
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

std::vector<BatchedForm> batch_arg_extremum(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0)) return forms;
  int rank = request.operands[0].type.rank();
  auto axis = normalized({integer_of(request.node, "axis", 0)}, rank);
  if (!axis) return forms;
  bool keeps = integer_of(request.node, "keepdims", 1) != 0;
  for (StackLayout layout : layouts_beside(*axis, rank)) {
    Node like = request.node;
    like.attributes["axis"] = shifted((*axis)[0], layout);
    forms.push_back(
        {{layout},
         keeps ? layout : without(layout, *axis),
         0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0]}, type);
         }});
  }
  return forms;
}

// Indices count along the axis, so they stay right wherever members are stacked on another one.
std::vector<BatchedForm> batch_top_k(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request) || request.is_stacked(1)) return forms;
  int rank = request.output.rank();
  auto axis = normalized({integer_of(request.node, "axis", -1)}, rank);
  if (!axis || (request.is_constant(1) && !request.operands[1].equal)) return forms;
  Tensor count = request.is_constant(1) ? request.operands[1].constants[0] : Tensor();
  ValueId shared = request.has(1) ? request.operands[1].shared : ValueId::kNone;
  int slot = request.output_slot;
  for (StackLayout layout : layouts_beside(*axis, rank)) {
    Node like = request.node;
    like.attributes["axis"] = shifted((*axis)[0], layout);
    forms.push_back(
        {{layout, {}},
         layout,
         0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           if (count.defined() || shared != ValueId::kNone) {
             inputs.push_back(count.defined() ? builder.constant(count, "k") : shared);
           }
           // Both outputs must be there.
           std::vector<ValueType> types(2);
           types[static_cast<size_t>(slot)] = type;
           return builder.nodes("TopK", std::move(inputs), like.attributes,
                                std::move(types))[static_cast<size_t>(slot)];
         }});
  }
  return forms;
}

std::vector<BatchedForm> batch_softmax(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  bool coerced = request.node.version < 13 && request.node.op_type != "LpNormalization";
  if (!keeps_rank(request) || coerced) return forms;
  int rank = request.output.rank();
  auto axis = normalized({integer_of(request.node, "axis", -1)}, rank);
  if (!axis) return forms;
  for (StackLayout layout : layouts_beside(*axis, rank)) {
    Node like = request.node;
    like.attributes["axis"] = shifted((*axis)[0], layout);
    forms.push_back(
        {{layout},
         layout,
         0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0]}, type);
         }});
  }
  return forms;
}

// Branches that put several values together themselves.
std::vector<BatchedForm> batch_concat(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  int rank = request.output.rank();
  auto axis =
      normalized({integer_of(request.node, "axis", request.node.version < 4 ? 1 : 0)}, rank);
  if (!axis) return forms;
  for (size_t i = 0; i < request.operands.size(); ++i) {
    if (!request.is_stacked(i) || request.operands[i].type.rank() != rank) return forms;
  }
  for (StackLayout layout : layouts_beside(*axis, rank)) {
    Node like = request.node;
    like.attributes["axis"] = shifted((*axis)[0], layout);
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout, 0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands.begin(), operands.end()}, type);
         }});
  }
  return forms;
}

// Slices that are no leaves: several axes, steps, bounds counted from an end that is not known.
std::vector<BatchedForm> batch_slice(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request)) return forms;
  auto starts = list_of(request, "starts", 1);
  auto ends = list_of(request, "ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) return forms;
  List axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (!lacks(request, "axes", 3)) {
    auto given = list_of(request, "axes", 3);
    if (!given || given->size() != axes.size()) return forms;
    axes = *given;
  }
  List steps(starts->size(), 1);
  if (request.has(4)) {
    auto given = list_of(request, "steps", 4);
    if (!given || given->size() != steps.size()) return forms;
    steps = *given;
  }
  int rank = request.output.rank();
  auto known = normalized(axes, rank);
  if (!known) return forms;
  bool attributes = request.node.version < 10;
  for (StackLayout layout : layouts_beside(*known, rank)) {
    List moved;
    for (int64_t axis : *known) moved.push_back(shifted(axis, layout));
    Node like = request.node;
    if (attributes) like.attributes["axes"] = moved;
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout, 0,
         [=, starts = *starts, ends = *ends](
             GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           if (!attributes) {
             inputs.push_back(builder.int64s(starts, "starts"));
             inputs.push_back(builder.int64s(ends, "ends"));
             inputs.push_back(builder.int64s(moved, "axes"));
             inputs.push_back(builder.int64s(steps, "steps"));
           }
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

// The same rows of every member.
std::vector<BatchedForm> batch_gather(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0) || !request.is_constant(1) || !request.operands[1].equal) return forms;
  int rank = request.operands[0].type.rank();
  auto axis = normalized({integer_of(request.node, "axis", 0)}, rank);
  if (!axis) return forms;
  Tensor indices = request.operands[1].constants[0];
  for (StackLayout layout : layouts_beside(*axis, rank)) {
    Node like = request.node;
    like.attributes["axis"] = shifted((*axis)[0], layout);
    StackLayout to = layout;
    if ((*axis)[0] < layout.axis) to.axis += indices.rank() - 1;
    forms.push_back({{layout, {}},
                     to,
                     0,
                     [like, indices](GraphBuilder& builder, std::span<const ValueId> operands,
                                     const ValueType& type) {
                       ValueId rows = builder.constant(indices, "indices");
                       return builder.node_like(like, {operands[0], rows}, type);
                     }});
  }
  return forms;
}

std::vector<BatchedForm> batch_pad(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  int rank = request.output.rank();
  if (!keeps_rank(request) || request.node.version < 2) return forms;
  auto pads = list_of(request, "pads", 1);
  if (!pads || pads->size() % 2 != 0) return forms;
  List axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  if (request.has(3)) {
    auto given = list_of(request, "axes", 3);
    if (!given) return forms;
    auto known = normalized(*given, rank);
    if (!known) return forms;
    axes = *known;
  }
  if (pads->size() != 2 * axes.size()) return forms;
  std::optional<Tensor> value;
  if (request.has(2)) {
    if (!request.is_constant(2) || !request.operands[2].equal) return forms;
    value = request.operands[2].constants[0];
  }
  List begins(static_cast<size_t>(rank), 0);
  List ends(static_cast<size_t>(rank), 0);
  List padded;
  for (size_t i = 0; i < axes.size(); ++i) {
    auto at = static_cast<size_t>(axes[i]);
    begins[at] = (*pads)[i];
    ends[at] = (*pads)[i + axes.size()];
    if (begins[at] != 0 || ends[at] != 0) padded.push_back(axes[i]);
  }
  bool attributes = request.node.version < 11;
  for (StackLayout layout : layouts_beside(padded, rank)) {
    List low = begins;
    List high = ends;
    if (layout.kind == StackLayout::Kind::kAxis) {
      low.insert(low.begin() + layout.axis, 0);
      high.insert(high.begin() + layout.axis, 0);
    }
    low.insert(low.end(), high.begin(), high.end());
    Node like = request.node;
    if (attributes) like.attributes["pads"] = low;
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout, 0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           if (!attributes) inputs.push_back(builder.int64s(low, "pads"));
           if (value) inputs.push_back(builder.constant(*value, "value"));
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

}  // namespace convoy
