// Pooling, which treats every (batch, channel) plane alike.
#include "ops/batching/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {

namespace {

struct WindowList {
  const char* name;
  int64_t value;       // on the new axis
  bool sides = false;  // has the begins of all axes, then their ends
};

constexpr WindowList kLists[] = {{"kernel_shape", 1},
                                 {"strides", 1},
                                 {"dilations", 1},
                                 {"output_padding", 0},
                                 {"pads", 0, true}};

}  // namespace

std::optional<Node> window_along_axis(const Node& node, int rank, int axis) {
  Node higher = node;
  auto at = static_cast<int64_t>(axis - 2);
  auto spatial = static_cast<int64_t>(rank - 2);
  // Pads count where nothing else says how to pad, and an empty list is no list.
  std::string padding = text_of(node, "auto_pad", "NOTSET");
  if (!padding.empty() && padding != "NOTSET") higher.attributes.erase("pads");
  for (const WindowList& one : kLists) {
    auto list = integers_of(higher, one.name);
    if (!list) continue;
    if (list->empty()) {
      higher.attributes.erase(one.name);
      continue;
    }
    if (static_cast<int64_t>(list->size()) != (one.sides ? 2 * spatial : spatial)) {
      return std::nullopt;
    }
    if (one.sides) list->insert(list->begin() + spatial + at, one.value);
    list->insert(list->begin() + at, one.value);
    higher.attributes[one.name] = *list;
  }
  return higher;
}

std::vector<BatchedForm> batch_pool(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request) || request.operands.size() != 1) return forms;
  Node like = request.node;
  for (StackLayout layout : {StackLayout::fold(1), StackLayout::fold_minor(1),
                             StackLayout::fold_minor(0), StackLayout::fold(0)}) {
    forms.push_back(
        {{layout},
         layout,
         0,
         [like](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(like, {operands[0]}, type);
         }});
  }
  // A window of 1 on the stacked axis.
  bool windowed = like.attributes.contains("kernel_shape") && request.output.rank() < 5;
  for (int axis = 2; axis <= request.output.rank() && windowed; ++axis) {
    StackLayout layout = StackLayout::on_axis(axis);
    auto higher = window_along_axis(like, request.output.rank(), axis);
    if (!higher) break;
    forms.push_back(
        {{layout},
         layout,
         0,
         [higher](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           return builder.node_like(*higher, {operands[0]}, type);
         }});
  }
  return forms;
}

}  // namespace convoy
