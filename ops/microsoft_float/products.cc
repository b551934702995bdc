// FusedMatMul, its older name TransposeMatMul, FusedMatMulActivation and FusedGemm.
#include "ops/microsoft_float/composition.h"

#include <limits>
#include <numeric>

#include <fmt/ranges.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// `to = ` operand i as MatMul takes it. transBatch: its rows (of a transposed operand: its inner
// axis) come first, before the batch axes.
std::string operand(const InputTypes& types, size_t i, std::string_view from, std::string_view to,
                    bool transpose, bool transpose_batch) {
  const int rank = rank_of(types, i);
  if ((!transpose && !transpose_batch) || rank == 0 || rank == 1) {
    return fmt::format("{} = Identity({}) ", to, from);
  }
  if (rank < 0) {
    std::string_view equation = !transpose_batch ? "...ij->...ji"
                                : transpose      ? "i...j->...ji"
                                                 : "i...j->...ij";
    return fmt::format(R"({} = Einsum <equation = "{}"> ({}) )", to, equation, from);
  }
  std::vector<int> order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  if (transpose_batch) {
    order.erase(order.begin());
    order.insert(order.end() - 1, 0);
  }
  if (transpose) std::swap(order[order.size() - 2], order[order.size() - 1]);
  return fmt::format("{} = Transpose <perm = [{}]> ({}) ", to, fmt::join(order, ", "), from);
}

std::vector<float> activation_parameters(const Node& node) {
  constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
  return {number_of(node, "activation_alpha", kMissing),
          number_of(node, "activation_beta", kMissing),
          number_of(node, "activation_gamma", kMissing)};
}

std::string fused_matmul(const Node& node, const InputTypes& types) {
  auto is_set = [&](const char* name) { return integer_of(node, name, 0) != 0; };
  std::string nodes = operand(types, 0, "A", "a", is_set("transA"), is_set("transBatchA")) +
                      operand(types, 1, "B", "b", is_set("transB"), is_set("transBatchB"));
  if (number_of(node, "alpha", 1) == 1) {
    nodes += "p = MatMul(a, b) ";
  } else {
    nodes +=
        "q = MatMul(a, b) f = Constant <value_float: float = @alpha> () g = CastLike(f, A) "
        "p = Mul(q, g) ";
  }
  const bool activated = node.op_type == "FusedMatMulActivation";
  nodes += activation_nodes(activated ? text_of(node, "activation", "") : "",
                            activation_parameters(node), "p", "Y");
  std::string_view more = activated ? ", activation, activation_alpha, activation_beta, "
                                      "activation_gamma, activation_axis"
                                    : "";
  std::string_view batch =
      node.op_type == "TransposeMatMul" ? "" : ", transBatchA: int = 0, transBatchB: int = 0";
  return microsoft_function(
      fmt::format("{} <alpha: float = 1.0, transA: int = 0, transB: int = 0{}{}> (A, B) => (Y)",
                  node.op_type, batch, more),
      nodes);
}

std::string fused_gemm(const Node& node, const InputTypes&) {
  return microsoft_function(
      "FusedGemm <alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0, "
      "activation, activation_alpha, activation_beta, activation_gamma> (A, B, C) => (Y)",
      "p = Gemm <alpha: float = @alpha, beta: float = @beta, transA: int = @transA, "
      "transB: int = @transB> (A, B, C) " +
          activation_nodes(text_of(node, "activation", ""), activation_parameters(node), "p", "Y"));
}

}  // namespace

void register_microsoft_products(Registry& registry) {
  for (const char* name : {"FusedMatMul", "TransposeMatMul", "FusedMatMulActivation"}) {
    registry.add(name, kMicrosoftDomain).body = fused_matmul;
  }
  registry.add("FusedGemm", kMicrosoftDomain).body = fused_gemm;
}

}  // namespace convoy
