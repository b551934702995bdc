// Operators that exporters write out in smaller ones become one node: in the portable set where the
// model's opset has the operator, in a session always (each node carries its own version).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/rewrite/optimize.h"

namespace convoy {
namespace {

struct Composition {
  std::string name;  // of the rules: recognize_NAME
  std::string op_type;
  int first_version;  // of the operator
  Pattern pattern;
  std::function<Refusal(const Match&)> guard;
  Attributes attributes;
  std::vector<std::string> operands;  // names of captured values
};

int version_for(const Composition& composition, int opset) {
  return std::max(composition.first_version, opset);
}

bool has_kernel(const Match& match, const Composition& composition, int version) {
  const RewriteOptions* options = match.options;
  const Registry& registry =
      options && options->registry ? *options->registry : Registry::standard();
  return registry.find("", composition.op_type, version) != nullptr;
}

Rule rule_of(const Composition& composition, RuleSet set) {
  bool portable = set == RuleSet::kPortable;
  auto guard = [composition, portable](const Match& match) -> Refusal {
    if (portable && match.root().version < composition.first_version) {
      return fmt::format("opset {} has no {}", match.root().version, composition.op_type);
    }
    int version = version_for(composition, match.root().version);
    if (!portable && !has_kernel(match, composition, version)) return "there is no kernel";
    if (Refusal refusal = keeps_rank_of(match, "x")) return refusal;
    return composition.guard ? composition.guard(match) : std::nullopt;
  };
  auto build = [composition](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
    Attributes attributes = composition.attributes;
    if (composition.op_type == "LayerNormalization") {
      attributes["axis"] = int64_t{-1};
      attributes["epsilon"] = static_cast<float>(to_doubles(match.tensor("epsilon"))[0]);
    }
    std::vector<ValueId> inputs;
    for (const std::string& operand : composition.operands) {
      inputs.push_back(match.value(operand));
    }
    return {builder.node(composition.op_type, std::move(inputs), std::move(attributes),
                         match.output_type(), "", version_for(composition, match.root().version))};
  };
  return {composition.name, set, composition.pattern, guard, build};
}

Refusal is_floating_point(const Match& match) {
  const ValueType& type = match.type("x");
  bool fits = type.is_tensor() && is_floating(type.dtype);
  return fits ? Refusal() : "the type is not floating or not known";
}

// x · ½ · (1 + erf(x / √2)), the factors in any order.
Composition gelu_by_erf() {
  Pattern x = any("x");
  Pattern scaled = any_of({op("Div", {x, scalar(std::numbers::sqrt2, 1e-5)}),
                           op("Mul", {x, scalar(1 / std::numbers::sqrt2, 1e-5)})});
  Pattern sum = op("Add", {op("Erf", {scaled}), scalar(1)});
  Pattern half = scalar(0.5);
  Pattern whole =
      any_of({op("Mul", {op("Mul", {x, sum}), half}), op("Mul", {op("Mul", {x, half}), sum}),
              op("Mul", {x, op("Mul", {sum, half})})});
  return {"recognize_gelu", "Gelu", 20, whole, is_floating_point, {}, {"x"}};
}

// x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
Composition gelu_by_tanh() {
  Pattern x = any("x");
  Pattern cube = any_of({op("Pow", {x, scalar(3)}), op("Mul", {x, op("Mul", {x, x})})});
  Pattern inner = op("Add", {x, op("Mul", {cube, scalar(0.044715, 1e-5)})});
  double factor = std::sqrt(2 * std::numbers::inv_pi);
  Pattern sum = op("Add", {op("Tanh", {op("Mul", {inner, scalar(factor, 1e-5)})}), scalar(1)});
  Pattern half = scalar(0.5);
  Pattern whole =
      any_of({op("Mul", {op("Mul", {x, sum}), half}), op("Mul", {op("Mul", {x, half}), sum}),
              op("Mul", {x, op("Mul", {sum, half})})});
  return {"recognize_gelu_tanh",
          "Gelu",
          20,
          whole,
          is_floating_point,
          {{"approximate", std::string("tanh")}},
          {"x"}};
}

Refusal is_sixth_and_half(const Match& match) {
  if (match.has("gate")) {
    const Node& gate = match.node("gate");
    bool fits = std::abs(number_of(gate, "alpha", 0.2F) - 1.0F / 6) < 1e-6F &&
                number_of(gate, "beta", 0.5F) == 0.5F;
    if (!fits) return "the HardSigmoid is another one";
  }
  return is_floating_point(match);
}

// x · hardsigmoid(x) with α = 1/6, β = ½; or x · clip(x + 3, 0, 6) / 6.
Composition hard_swish() {
  Pattern x = any("x");
  Pattern gate = op("HardSigmoid", {x}).named("gate");
  Pattern clipped = op("Clip", {op("Add", {x, scalar(3)}), scalar(0), scalar(6)});
  Pattern whole = any_of({op("Mul", {x, gate}), op("Div", {op("Mul", {x, clipped}), scalar(6)}),
                          op("Mul", {x, op("Div", {clipped, scalar(6)})})});
  return {"recognize_hard_swish", "HardSwish", 14, whole, is_sixth_and_half, {}, {"x"}};
}

// A mean over the last axis that keeps it.
bool is_last_axis_mean(const Match& match, const Node& node, int rank) {
  auto axes = integers_of(match.graph(), node, "axes", 1);
  if (!axes || axes->size() != 1 || integer_of(node, "keepdims", 1) != 1) return false;
  return (*axes)[0] == -1 || (rank > 0 && (*axes)[0] == rank - 1);
}

Refusal is_layer_normalization(const Match& match) {
  int rank = match.type("x").rank();
  if (rank < 1) return "the rank is not known";
  if (!is_last_axis_mean(match, match.node("mean"), rank) ||
      !is_last_axis_mean(match, match.node("variance"), rank)) {
    return "the means are not over the last axis";
  }
  const Dimension& width = match.type("x").shape->back();
  for (const char* name : {"scale", "bias"}) {
    const Tensor& tensor = match.tensor(name);
    if (tensor.rank() != 1 || !width.known() || tensor.shape()[0] != width.size) {
      return "scale or bias is not one for each element of the last axis";
    }
  }
  if (match.tensor("epsilon").count() != 1) return "epsilon is not one number";
  return is_floating_point(match);
}

// (x − mean) / √(variance + ε) · scale + bias over the last axis.
Composition layer_normalization() {
  Pattern x = any("x");
  Pattern mean = op("ReduceMean", {x}).rest().named("mean");
  Pattern centred = op("Sub", {x, mean}).named("centred");
  Pattern square = any_of({op("Pow", {centred, scalar(2)}), op("Mul", {centred, centred})});
  Pattern variance = op("ReduceMean", {square}).rest().named("variance");
  Pattern deviation = op("Sqrt", {op("Add", {variance, constant("epsilon")})});
  Pattern normalized = op("Div", {centred, deviation});
  Pattern whole = op("Add", {op("Mul", {normalized, constant("scale")}), constant("bias")});
  return {
      "recognize_layer_normalization", "LayerNormalization", 17, whole, is_layer_normalization, {},
      {"x", "scale", "bias"}};
}

// Not for files: ONNX Runtime 1.32 loads opset 24, and has no kernel for its Swish.
Composition swish() {
  Pattern x = any("x");
  return {"recognize_swish", "Swish", 24,   op("Mul", {x, op("Sigmoid", {x})}),
          is_floating_point, {},      {"x"}};
}

}  // namespace

std::vector<RewriteStep> recognize_compositions(RuleSet set) {
  std::vector<RewriteStep> rules;
  for (const Composition& composition :
       {gelu_by_erf(), gelu_by_tanh(), hard_swish(), layer_normalization()}) {
    rules.push_back(rule_of(composition, set));
  }
  return rules;
}

std::vector<RewriteStep> recognize_swish() { return {rule_of(swish(), RuleSet::kLowering)}; }

}  // namespace convoy
