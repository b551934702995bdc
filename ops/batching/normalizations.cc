// Normalizations: parameters for each branch are put one after the other where channels are folded,
// or applied by a Mul and an Add of their own.
#include "ops/batching/rules.h"
#include "ops/batching/stack_constants.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

struct ChannelNormalization {
  Node like;
  std::vector<BatchedOperand> parameters;  // vectors of one element a channel (or group)
};

BatchedForm normalized_form(const ChannelNormalization& norm, StackLayout layout, bool folded) {
  return {std::vector(norm.parameters.size() + 1, layout), layout, 0,
          [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
            std::vector<ValueId> inputs = {operands[0]};
            for (const BatchedOperand& parameter : norm.parameters) {
              Tensor vector = folded ? stacked_vector(parameter.constants, layout.kind)
                                     : parameter.constants[0];
              inputs.push_back(builder.constant(vector));
            }
            return builder.node_like(norm.like, std::move(inputs), type);
          }};
}

// nullopt unless the node has `count` constant parameters behind its input, for all members.
std::optional<ChannelNormalization> normalization_of(const BatchingRequest& request, size_t count) {
  if (!keeps_rank(request) || request.operands.size() != count + 1) return std::nullopt;
  for (size_t i = 1; i <= count; ++i) {
    if (!request.is_constant(i) || request.operands[i].constants[0].rank() != 1) {
      return std::nullopt;
    }
  }
  return ChannelNormalization{request.node, {request.operands.begin() + 1, request.operands.end()}};
}

bool all_equal(const ChannelNormalization& norm) {
  for (const BatchedOperand& parameter : norm.parameters) {
    if (!parameter.equal) return false;
  }
  return true;
}

}  // namespace

std::vector<BatchedForm> batch_batch_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  // Before opset 14, outputs beyond the first ask for training.
  bool trains = integer_of(request.node, "training_mode", 0) != 0 ||
                (request.node.version < 14 && request.node.outputs.size() > 1);
  if (trains || request.node.version < 9) return forms;
  auto norm = normalization_of(request, 4);
  if (!norm || request.output.rank() < 2) return forms;
  if (all_equal(*norm)) {
    for (int axis = 2; axis <= request.output.rank(); ++axis) {
      forms.push_back(normalized_form(*norm, StackLayout::on_axis(axis), false));
    }
    forms.push_back(normalized_form(*norm, StackLayout::fold_minor(0), false));
    forms.push_back(normalized_form(*norm, StackLayout::fold(0), false));
  }
  forms.push_back(normalized_form(*norm, StackLayout::fold_minor(1), true));
  forms.push_back(normalized_form(*norm, StackLayout::fold(1), true));
  return forms;
}

std::vector<BatchedForm> batch_instance_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  auto norm = normalization_of(request, 2);
  if (!norm || request.node.version < 6 || request.output.rank() < 3) return forms;
  if (all_equal(*norm)) {
    forms.push_back(normalized_form(*norm, StackLayout::fold_minor(0), false));
    forms.push_back(normalized_form(*norm, StackLayout::fold(0), false));
  }
  forms.push_back(normalized_form(*norm, StackLayout::fold_minor(1), true));
  forms.push_back(normalized_form(*norm, StackLayout::fold(1), true));
  return forms;
}

// Members one after the other keep their groups together; parameters are one a group (opset 18) or
// one a channel.
std::vector<BatchedForm> batch_group_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  auto norm = normalization_of(request, 2);
  int64_t groups = integer_of(request.node, "num_groups", 0);
  if (!norm || groups < 1 || request.output.rank() < 3) return forms;
  if (all_equal(*norm)) {
    forms.push_back(normalized_form(*norm, StackLayout::fold_minor(0), false));
    forms.push_back(normalized_form(*norm, StackLayout::fold(0), false));
  }
  if (groups > std::numeric_limits<int32_t>::max()) return forms;
  norm->like.attributes["num_groups"] = groups * request.count;
  forms.push_back(normalized_form(*norm, StackLayout::fold(1), true));
  return forms;
}

std::vector<BatchedForm> batch_lrn(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request) || request.operands.size() != 1) return forms;
  ChannelNormalization norm{request.node, {}};
  forms.push_back(normalized_form(norm, StackLayout::fold_minor(0), false));
  forms.push_back(normalized_form(norm, StackLayout::fold(0), false));
  return forms;
}

std::vector<BatchedForm> batch_layer_normalization(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request) || !request.is_constant(1)) return forms;
  if (request.has(2) && !request.is_constant(2)) return forms;
  int rank = request.output.rank();
  auto axis = normalized({integer_of(request.node, "axis", -1)}, rank);
  if (!axis) return forms;
  bool equal = request.operands[1].equal && (!request.has(2) || request.operands[2].equal);
  Node like = request.node;
  like.attributes["axis"] = (*axis)[0] - rank;
  BatchedOperand scale = request.operands[1];
  BatchedOperand bias = request.has(2) ? request.operands[2] : BatchedOperand{};
  for (int at = 0; at <= static_cast<int>((*axis)[0]); ++at) {
    StackLayout layout = StackLayout::on_axis(at);
    auto scales = stacked_constant(scale, request.output, layout);
    auto biases = request.has(2) ? stacked_constant(bias, request.output, layout) : std::nullopt;
    if (!scales || (request.has(2) && !biases)) continue;
    forms.push_back(
        {{layout, {}, {}},
         layout,
         equal ? 0.0 : 1.0,
         [=](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType& type) {
           if (equal) {
             std::vector<ValueId> inputs = {operands[0], builder.constant(scale.constants[0])};
             if (biases) inputs.push_back(builder.constant(bias.constants[0]));
             return builder.node_like(like, std::move(inputs), type);
           }
           Tensor ones = Tensor::allocate(scale.constants[0].dtype(), scale.constants[0].shape());
           visit_floating(ones.dtype(), [&](auto tag) {
             using T = typename decltype(tag)::type;
             std::fill_n(ones.mutable_data<T>(), ones.count(), static_cast<T>(1.0F));
           });
           ValueId unit = builder.constant(ones, "scale");
           ValueId y = builder.node_like(like, {operands[0], unit}, type);
           y = builder.node("Mul", {y, builder.constant(*scales, "scale")}, {}, type);
           if (!biases) return y;
           return builder.node("Add", {y, builder.constant(*biases, "bias")}, {}, type);
         }});
  }
  return forms;
}

}  // namespace convoy
