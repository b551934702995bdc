#include "ops/rewrites/epilogues.h"

#include <algorithm>
#include <limits>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// A bound of Clip: attribute in old opsets, constant input in new ones. nullopt: not constant.
std::optional<float> clip_bound(const Graph& graph, const Node& node, int slot, const char* name,
                                float otherwise) {
  if (node.version < 11) return number_of(node, name, otherwise);
  if (!node.has_input(slot)) return otherwise;
  const Tensor* bound = graph.constant(node.input(slot));
  bool fits = bound != nullptr && bound->count() == 1 && is_floating(bound->dtype()) &&
              bound->dtype() != DType::kFloat64;
  if (!fits) return std::nullopt;
  return static_cast<float>(to_doubles(*bound)[0]);
}

// nullopt when it is no activation of the fused operators, or its bounds are not constant.
std::optional<Epilogue> activation_of(const Graph& graph, const Node& node) {
  auto activation = activation_named(node.op_type);
  if (!node.domain.empty() || !activation) return std::nullopt;
  Epilogue epilogue{*activation};
  if (*activation == Activation::leaky_relu) {
    epilogue.alpha = number_of(node, "alpha", 0.01F);
  } else if (*activation == Activation::hard_sigmoid) {
    epilogue.alpha = number_of(node, "alpha", 0.2F);
    epilogue.beta = number_of(node, "beta", 0.5F);
  } else if (*activation == Activation::clip) {
    constexpr int kTakesInputs = 11;
    const float most = node.version < kTakesInputs ? std::numeric_limits<float>::max()
                                                   : std::numeric_limits<float>::infinity();
    auto low = clip_bound(graph, node, 1, "min", -most);
    auto high = clip_bound(graph, node, 2, "max", most);
    if (!low || !high) return std::nullopt;
    epilogue.alpha = *low;
    epilogue.beta = *high;
  }
  return epilogue;
}

}  // namespace

Pattern activation_pattern(const Pattern& inner) {
  auto is_activation = [](const OpDef& definition) {
    return activation_named(definition.name).has_value();
  };
  Pattern plain = op_with(is_activation, {inner}).rest();
  Pattern silu = op("Mul", {inner, op("Sigmoid", {inner})});
  return any_of({plain, silu});
}

std::optional<Epilogue> matched_activation(const Match& match) {
  if (match.root().is("Mul")) return Epilogue{Activation::silu};
  return activation_of(match.graph(), match.root());
}

Refusal computes_in_float32(const ValueType& type) {
  bool fits = type.is_tensor() && is_floating(type.dtype) && type.dtype != DType::kFloat64;
  return fits ? Refusal() : "only float32 and 16-bit floats";
}

Refusal keeps_rank_of(const Match& match, std::string_view x) {
  const Graph& graph = match.graph();
  int rank = std::max(0, match.type(x).rank());
  for (const Match::Matched& matched : match.nodes()) {
    for (ValueId input : graph.node(matched.node).inputs) {
      const Tensor* constant = graph.constant(input);
      if (constant != nullptr && constant->rank() > rank) return "a constant raises the rank";
    }
  }
  return std::nullopt;
}

bool surely_equal(const Dimension& a, const Dimension& b) {
  if (a.known() || b.known()) return a.size == b.size;
  return !a.symbol.empty() && a.symbol == b.symbol;
}

bool surely_equal_shapes(const ValueType& a, const ValueType& b) {
  if (!a.is_tensor() || !b.is_tensor() || !a.shape || !b.shape) return false;
  if (a.shape->size() != b.shape->size()) return false;
  return std::equal(a.shape->begin(), a.shape->end(), b.shape->begin(), surely_equal);
}

}  // namespace convoy
