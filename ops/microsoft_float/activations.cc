// Gelu, BiasGelu, FastGelu, GemmFastGelu, QuickGelu, BiasAdd, BiasSplitGelu.
#include "ops/microsoft_float/composition.h"

#include <fmt/format.h>

namespace convoy {
namespace {

std::string fast_gelu(const Node& node, const InputTypes&) {
  return microsoft_function("FastGelu (X, bias) => (Y)",
                            fmt::format(R"(s = {} Y = Gelu <approximate = "tanh"> (s))",
                                        node.has_input(1) ? "Add(X, bias)" : "Identity(X)"));
}

std::string gemm_fast_gelu(const Node& node, const InputTypes&) {
  return microsoft_function(
      "GemmFastGelu (X, W, bias) => (Y)",
      fmt::format(R"(p = MatMul(X, W) s = {} Y = Gelu <approximate = "tanh"> (s))",
                  node.has_input(2) ? "Add(p, bias)" : "Identity(p)"));
}

struct Composition {
  const char* name;
  const char* signature;
  const char* nodes;
};

constexpr Composition kCompositions[] = {
    {"Gelu", "Gelu (X) => (Y)", "Y = Gelu(X)"},
    {"BiasGelu", "BiasGelu (A, B) => (C)", "s = Add(A, B) C = Gelu(s)"},
    {"QuickGelu", "QuickGelu <alpha: float = 1.702> (X) => (Y)",
     "Y = Swish <alpha: float = @alpha> (X)"},
    {"BiasAdd", "BiasAdd (X, bias, skip) => (Y)", "s = Add(X, bias) Y = Add(s, skip)"},
    {"BiasSplitGelu", "BiasSplitGelu (X, bias) => (Y)",
     "s = Add(X, bias) l, r = Split <axis = -1, num_outputs = 2> (s) g = Gelu(r) Y = Mul(l, g)"},
};

}  // namespace

void register_microsoft_activations(Registry& registry) {
  for (const Composition& entry : kCompositions) {
    registry.add(entry.name, kMicrosoftDomain)
        .composition(microsoft_function(entry.signature, entry.nodes));
  }
  registry.add("FastGelu", kMicrosoftDomain).body = fast_gelu;
  registry.add("GemmFastGelu", kMicrosoftDomain).body = gemm_fast_gelu;
}

}  // namespace convoy
