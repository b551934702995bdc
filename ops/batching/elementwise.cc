// Operators that work element by element: any layout will do.
#include <algorithm>
#include <cmath>

#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"

namespace convoy {

bool keeps_rank(const BatchingRequest& request) {
  return request.is_stacked(0) && request.operands[0].type.rank() == request.output.rank();
}

std::vector<StackLayout> all_layouts(int rank) {
  std::vector<StackLayout> layouts;
  for (int axis = 0; axis <= rank; ++axis) layouts.push_back(StackLayout::on_axis(axis));
  for (int axis = 0; axis < rank; ++axis) {
    layouts.push_back(StackLayout::fold(axis));
    layouts.push_back(StackLayout::fold_minor(axis));
  }
  return layouts;
}

namespace {

// The operand of a built node; kNone where the operand was left out.
using OperandSource = std::function<ValueId(GraphBuilder&)>;

std::optional<OperandSource> constant_source(const BatchedOperand& operand, const ValueType& member,
                                             StackLayout layout) {
  auto stacked = stacked_constant(operand, member, layout);
  if (!stacked) return std::nullopt;
  return [tensor = *stacked](GraphBuilder& builder) { return builder.constant(tensor); };
}

// A value that all members read, made to broadcast against the stacked members.
std::optional<OperandSource> shared_source(const BatchedOperand& operand, const ValueType& member,
                                           StackLayout layout) {
  int rank = operand.type.rank();
  if (rank < 0 || rank > member.rank()) return std::nullopt;
  int missing = member.rank() - rank;
  int axis = layout.axis - missing;
  ValueId shared = operand.shared;
  if (layout.kind == StackLayout::Kind::kAxis) {
    if (axis <= 0) return [shared](GraphBuilder&) { return shared; };
    return [=](GraphBuilder& builder) { return builder.unsqueeze(shared, {axis}); };
  }
  if (axis >= 0 && (*operand.type.shape)[static_cast<size_t>(axis)].size != 1) {
    return std::nullopt;
  }
  return [shared](GraphBuilder&) { return shared; };
}

// The layout of a stacked operand that broadcasts against members in `layout`: one of lower rank
// has the stacked axis as far from its end.
std::optional<StackLayout> operand_layout(const BatchedOperand& operand, const ValueType& member,
                                          StackLayout layout) {
  int missing = member.rank() - operand.type.rank();
  if (operand.type.rank() < 0 || missing < 0) return std::nullopt;
  if (missing == 0) return layout;
  if (layout.kind != StackLayout::Kind::kAxis || layout.axis < missing) return std::nullopt;
  return StackLayout::on_axis(layout.axis - missing);
}

std::optional<OperandSource> source_of(const BatchedOperand& operand, const ValueType& member,
                                       StackLayout layout) {
  switch (operand.kind) {
    case BatchedOperand::Kind::kAbsent: return [](GraphBuilder&) { return ValueId::kNone; };
    case BatchedOperand::Kind::kStacked:
      if (!operand_layout(operand, member, layout)) return std::nullopt;
      return [](GraphBuilder&) { return ValueId::kNone; };
    case BatchedOperand::Kind::kConstants: return constant_source(operand, member, layout);
    case BatchedOperand::Kind::kShared: return shared_source(operand, member, layout);
  }
  return std::nullopt;
}

// A folded dimension must be of the members' own size in every stacked operand.
bool folds_alike(const BatchedOperand& operand, const ValueType& member, StackLayout layout) {
  if (operand.kind != BatchedOperand::Kind::kStacked) return true;
  if (layout.kind == StackLayout::Kind::kAxis) return true;
  auto axis = static_cast<size_t>(layout.axis);
  if (operand.type.rank() != member.rank()) return false;
  const Dimension& a = (*operand.type.shape)[axis];
  const Dimension& b = (*member.shape)[axis];
  return a.known() && b.known() ? a.size == b.size : a == b && !a.symbol.empty();
}

}  // namespace

std::vector<BatchedForm> batch_unary(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request)) return forms;
  std::vector<ValueId> others;
  std::vector<Tensor> constants;
  for (size_t i = 1; i < request.operands.size(); ++i) {
    const BatchedOperand& operand = request.operands[i];
    if (request.is_stacked(i) || (request.is_constant(i) && !operand.equal)) return forms;
    others.push_back(operand.shared);
    constants.push_back(request.is_constant(i) ? operand.constants[0] : Tensor());
  }
  Node like = request.node;
  for (StackLayout layout : all_layouts(request.output.rank())) {
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout, 0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs = {operands[0]};
           for (size_t i = 0; i < others.size(); ++i) {
             bool fixed = constants[i].defined();
             inputs.push_back(fixed ? builder.constant(constants[i]) : others[i]);
           }
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

namespace {

bool has_nan(const Tensor& tensor) {
  if (!is_floating(tensor.dtype())) return false;
  std::vector<double> numbers = to_doubles(tensor);
  return std::any_of(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); });
}

// A bound of Clip for members in `layout`; nullopt where it is none that Max and Min can take.
std::optional<Tensor> stacked_bound(const BatchingRequest& request, size_t slot,
                                    StackLayout layout) {
  const BatchedOperand& operand = request.operands[slot];
  if (operand.kind != BatchedOperand::Kind::kConstants) return std::nullopt;
  for (const Tensor& bound : operand.constants) {
    if (bound.count() != 1 || has_nan(bound)) return std::nullopt;
  }
  return stacked_constant(operand, request.output, layout);
}

}  // namespace

// min(max(x, low), high), as Clip does: where low > high, high wins; NaN stays NaN.
std::vector<BatchedForm> batch_clip(const BatchingRequest& request) {
  std::vector<BatchedForm> forms = batch_unary(request);
  // Max and Min of integers came with the same opset as Clip of integers.
  bool typed = request.node.version >= 12 || is_floating(request.output.dtype);
  if (!forms.empty() || !keeps_rank(request) || request.node.version < 11 || !typed) return forms;
  for (StackLayout layout : all_layouts(request.output.rank())) {
    std::vector<std::pair<const char*, Tensor>> steps;
    bool fits = true;
    for (size_t slot : {1, 2}) {
      if (!request.has(slot)) continue;
      auto bound = stacked_bound(request, slot, layout);
      fits = fits && bound.has_value();
      if (fits) steps.emplace_back(slot == 1 ? "Max" : "Min", *bound);
    }
    if (!fits) continue;
    forms.push_back(
        {std::vector(request.operands.size(), layout), layout,
         static_cast<double>(steps.size()) - 1,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           ValueId value = operands[0];
           for (const auto& [name, bound] : steps) {
             value = builder.node(name, {value, builder.constant(bound)}, {}, type);
           }
           return value;
         }});
  }
  return forms;
}

// Before, operands had to be of one shape, or one was stretched in ways of its own.
static int broadcasts_since(const std::string& op_type) {
  bool variadic = op_type == "Max" || op_type == "Mean" || op_type == "Min" || op_type == "Sum";
  return variadic ? 8 : 7;
}

std::vector<BatchedForm> batch_broadcasting(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  const ValueType& member = request.output;
  bool highest = std::any_of(
      request.operands.begin(), request.operands.end(),
      [&](const BatchedOperand& operand) { return operand.type.rank() == member.rank(); });
  if (!highest) return forms;
  Node like = request.node;
  if (like.attributes.contains("broadcast") || like.attributes.contains("axis")) return forms;
  if (like.version < broadcasts_since(like.op_type)) return forms;
  for (StackLayout layout : all_layouts(member.rank())) {
    std::vector<OperandSource> sources;
    std::vector<StackLayout> layouts;
    for (const BatchedOperand& operand : request.operands) {
      auto source = source_of(operand, member, layout);
      if (!source || !folds_alike(operand, member, layout)) break;
      sources.push_back(std::move(*source));
      layouts.push_back(operand_layout(operand, member, layout).value_or(layout));
    }
    if (sources.size() != request.operands.size()) continue;
    forms.push_back(
        {layouts, layout, 0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           std::vector<ValueId> inputs;
           for (size_t i = 0; i < sources.size(); ++i) {
             bool stacked = operands[i] != ValueId::kNone;
             inputs.push_back(stacked ? operands[i] : sources[i](builder));
           }
           return builder.node_like(like, std::move(inputs), type);
         }});
  }
  return forms;
}

}  // namespace convoy
