#include "runtime/session/gradient_rules.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using Rule = ValueId (*)(GradientStep&, size_t slot);

// As the type of input `slot`.
ValueId cast_like(GradientStep& step, ValueId value, size_t slot) {
  DType dtype = step.types[slot].dtype;
  check_supported(dtype != DType::kUndefined, "the type of input {} of {} is not known", slot,
                  step.node.qualified_type());
  return step.builder.node("Cast", {value}, {{"to", static_cast<int64_t>(dtype)}});
}

ValueId number(GradientStep& step, float value, size_t slot = 0) {
  return cast_like(step, step.builder.constant(Tensor::scalar(value)), slot);
}

ValueId apply(GradientStep& step, std::string_view op_type, std::vector<ValueId> inputs) {
  return step.builder.node(op_type, std::move(inputs));
}
ValueId times(GradientStep& step, ValueId factor) {
  return apply(step, "Mul", {step.gradient, factor});
}
ValueId negated(GradientStep& step, ValueId value) { return apply(step, "Neg", {value}); }

ValueId shape_of(GradientStep& step, size_t slot) {
  return apply(step, "Shape", {step.node.inputs[slot]});
}

// What was broadcast is summed.
ValueId summed_like(GradientStep& step, ValueId value, size_t slot) {
  auto from = step.output_type.static_shape();
  auto to = step.types[slot].static_shape();
  if (from && to && *from == *to) return value;
  return step.builder.node("SumLike", {value, step.node.inputs[slot]}, {}, {}, kPrivateDomain);
}

ValueId of_identity(GradientStep& step, size_t) { return step.gradient; }
ValueId of_sum(GradientStep& step, size_t slot) { return summed_like(step, step.gradient, slot); }
ValueId of_difference(GradientStep& step, size_t slot) {
  ValueId value = slot == 0 ? step.gradient : negated(step, step.gradient);
  return summed_like(step, value, slot);
}
ValueId of_product(GradientStep& step, size_t slot) {
  return summed_like(step, times(step, step.node.inputs[1 - slot]), slot);
}
// (a / b)' = 1 / b and -(a / b) / b
ValueId of_quotient(GradientStep& step, size_t slot) {
  ValueId part = apply(step, "Div", {step.gradient, step.node.inputs[1]});
  if (slot == 1) part = negated(step, apply(step, "Mul", {part, step.node.outputs[0]}));
  return summed_like(step, part, slot);
}
// (aᵇ)' = b · aᵇ⁻¹ and aᵇ · log a
ValueId of_power(GradientStep& step, size_t slot) {
  ValueId a = step.node.inputs[0];
  ValueId b = step.node.inputs[1];
  ValueId factor;
  if (slot == 0) {
    ValueId less = apply(step, "Sub", {b, number(step, 1, 1)});
    ValueId power = apply(step, "Pow", {a, less});
    factor = apply(step, "Mul", {power, cast_like(step, b, 0)});
  } else {
    factor = apply(step, "Mul", {step.node.outputs[0], apply(step, "Log", {a})});
  }
  return summed_like(step, times(step, factor), slot);
}
ValueId of_negation(GradientStep& step, size_t) { return negated(step, step.gradient); }
ValueId of_exp(GradientStep& step, size_t) { return times(step, step.node.outputs[0]); }
ValueId of_log(GradientStep& step, size_t) {
  return apply(step, "Div", {step.gradient, step.node.inputs[0]});
}
ValueId of_sqrt(GradientStep& step, size_t) {
  ValueId twice = apply(step, "Mul", {step.node.outputs[0], number(step, 2)});
  return apply(step, "Div", {step.gradient, twice});
}
ValueId of_reciprocal(GradientStep& step, size_t) {
  ValueId y = step.node.outputs[0];
  return negated(step, times(step, apply(step, "Mul", {y, y})));
}
ValueId of_sin(GradientStep& step, size_t) {
  return times(step, apply(step, "Cos", {step.node.inputs[0]}));
}
ValueId of_cos(GradientStep& step, size_t) {
  return negated(step, times(step, apply(step, "Sin", {step.node.inputs[0]})));
}
ValueId of_abs(GradientStep& step, size_t) {
  return times(step, apply(step, "Sign", {step.node.inputs[0]}));
}
// 1 - y²
ValueId of_tanh(GradientStep& step, size_t) {
  ValueId y = step.node.outputs[0];
  return times(step, apply(step, "Sub", {number(step, 1), apply(step, "Mul", {y, y})}));
}
// y · (1 - y)
ValueId of_sigmoid(GradientStep& step, size_t) {
  ValueId y = step.node.outputs[0];
  return times(step, apply(step, "Mul", {y, apply(step, "Sub", {number(step, 1), y})}));
}
// 0 at 0.
ValueId of_relu(GradientStep& step, size_t) {
  return times(step, apply(step, "Sign", {step.node.outputs[0]}));
}
ValueId of_softplus(GradientStep& step, size_t) {
  return times(step, apply(step, "Sigmoid", {step.node.inputs[0]}));
}

ValueId of_reshape(GradientStep& step, size_t) {
  return apply(step, "Reshape", {step.gradient, shape_of(step, 0)});
}

int known_rank(const GradientStep& step, size_t slot) {
  int rank = step.types[slot].rank();
  check_supported(rank >= 0, "the rank of input {} of {} is not known", slot,
                  step.node.qualified_type());
  return rank;
}

ValueId of_transpose(GradientStep& step, size_t) {
  int rank = known_rank(step, 0);
  std::vector<int64_t> perm(static_cast<size_t>(rank));
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = integers_of(step.node, "perm").value_or(perm);
  check_model(is_permutation(perm, rank), "perm is no order of {} axes", rank);
  std::vector<int64_t> inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  }
  return step.builder.transpose(step.gradient, inverse);
}

ValueId swapped(GradientStep& step, size_t slot) {
  int rank = known_rank(step, slot);
  check_supported(rank >= 2, "the derivative of a product with a vector");
  std::vector<int64_t> perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return step.builder.transpose(step.node.inputs[slot], perm);
}

ValueId of_matmul(GradientStep& step, size_t slot) {
  ValueId other = swapped(step, 1 - slot);
  swapped(step, slot);  // a vector here is none of the rule's either
  std::vector<ValueId> operands = {step.gradient, other};
  if (slot == 1) std::swap(operands[0], operands[1]);
  ValueId product = apply(step, "MatMul", operands);
  return step.builder.node("SumLike", {product, step.node.inputs[slot]}, {}, {}, kPrivateDomain);
}

// The gradient with the axes that were summed away back in their places as 1.
ValueId with_reduced_axes(GradientStep& step) {
  if (integer_of(step.node, "keepdims", 1) != 0) return step.gradient;
  auto axes = integers_of(step.builder.graph(), step.node, "axes", 1);
  check_supported(axes || !step.node.has_input(1), "the axes of {} are not known",
                  step.node.qualified_type());
  if (!axes || axes->empty()) return step.gradient;  // a scalar, or nothing was reduced
  auto sorted = normalized(*axes, known_rank(step, 0));
  check_model(sorted.has_value(), "an axis lies outside of the input");
  std::sort(sorted->begin(), sorted->end());
  return step.builder.unsqueeze(step.gradient, *sorted);
}

ValueId of_reduce_sum(GradientStep& step, size_t) {
  return apply(step, "Expand", {with_reduced_axes(step), shape_of(step, 0)});
}
ValueId of_reduce_mean(GradientStep& step, size_t) {
  auto size = [&](ValueId value) { return cast_like(step, apply(step, "Size", {value}), 0); };
  ValueId count = apply(step, "Div", {size(step.node.inputs[0]), size(step.node.outputs[0])});
  return apply(step, "Div", {of_reduce_sum(step, 0), count});
}

struct Entry {
  Rule rule;
  size_t inputs;  // that have a derivative, from the first on
};

const std::map<std::string_view, Entry>& rules() {
  constexpr size_t kAll = 1000;
  static const std::map<std::string_view, Entry> table = {
      {"Abs", {of_abs, 1}},
      {"Add", {of_sum, 2}},
      {"Cos", {of_cos, 1}},
      {"Div", {of_quotient, 2}},
      {"Exp", {of_exp, 1}},
      {"Flatten", {of_reshape, 1}},
      {"Identity", {of_identity, 1}},
      {"Log", {of_log, 1}},
      {"MatMul", {of_matmul, 2}},
      {"Mul", {of_product, 2}},
      {"Neg", {of_negation, 1}},
      {"Pow", {of_power, 2}},
      {"Reciprocal", {of_reciprocal, 1}},
      {"ReduceMean", {of_reduce_mean, 1}},
      {"ReduceSum", {of_reduce_sum, 1}},
      {"Relu", {of_relu, 1}},
      {"Reshape", {of_reshape, 1}},
      {"Sigmoid", {of_sigmoid, 1}},
      {"Sin", {of_sin, 1}},
      {"Softplus", {of_softplus, 1}},
      {"Sqrt", {of_sqrt, 1}},
      {"Squeeze", {of_reshape, 1}},
      {"Sub", {of_difference, 2}},
      {"Sum", {of_sum, kAll}},
      {"Tanh", {of_tanh, 1}},
      {"Transpose", {of_transpose, 1}},
      {"Unsqueeze", {of_reshape, 1}},
  };
  return table;
}

}  // namespace

bool has_derivative(const Node& node, size_t input) {
  auto found = rules().find(node.op_type);
  bool known = node.domain.empty() && found != rules().end() && input < found->second.inputs;
  // Before opset 7 operands were broadcast by attributes.
  return known && !node.attributes.contains("broadcast");
}

ValueId input_gradient(GradientStep& step, size_t slot) {
  return rules().at(step.node.op_type).rule(step, slot);
}

}  // namespace convoy
