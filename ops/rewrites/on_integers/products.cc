// Conv, MatMul and Gemm by constant weights.
#include "ops/rewrites/on_integers/quantized_match.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/op.h"

namespace convoy::on_integers {
namespace {

Pattern perhaps_dequantized_bias() {
  return any_of({dequantized_constant("b"), constant("b")}).optional();
}

bool transposes_weights(const Match& match) {
  return integer_of(match.node("gemm"), "transB", 0) != 0;
}

Tensor transposed(const Tensor& matrix) {
  const Tensor whole = matrix.contiguous();
  const int64_t rows = whole.shape()[0], columns = whole.shape()[1];
  Tensor turned = Tensor::allocate(matrix.dtype(), {columns, rows});
  const auto* from = static_cast<const uint8_t*>(whole.raw());
  auto* to = static_cast<uint8_t*>(turned.raw());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  }
  return turned;
}

Refusal may_convolve(const Match& match) {
  const int rank = match.tensor("w").rank();
  return rank >= 3 && rank <= 5 ? may_multiply(match, 0) : "only one to three spatial axes";
}

Refusal may_multiply_matrices(const Match& match) {
  if (match.tensor("w").rank() != 2 || match.type("x").rank() < 2) {
    return "no product by one matrix";
  }
  return may_multiply(match, 1);
}

Refusal may_multiply_gemm(const Match& match) {
  const Node& gemm = match.node("gemm");
  if (integer_of(gemm, "transA", 0) != 0 || number_of(gemm, "alpha", 1) != 1 ||
      number_of(gemm, "beta", 1) != 1 || match.tensor("w").rank() != 2) {
    return "more than a product by one matrix";
  }
  // C of one column would be one number for each row.
  if (match.has("b") && match.tensor("b").count() > 1) {
    const Shape& c = match.tensor("b").shape();
    if (c[c.rank() - 1] != match.tensor("b").count()) return "C is not one for each column";
  }
  return may_multiply(match, transposes_weights(match) ? 0 : 1);
}

}  // namespace

Rule convolve_integers() {
  const Pattern conv =
      op("Conv", {dequantized("x"), dequantized_constant("w"), perhaps_dequantized_bias()})
          .named("conv");
  return {"convolve_integers",
          RuleSet::kLowering,
          quantized(perhaps_clipped(conv)),
          may_convolve,
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            const int64_t channels = match.tensor("w").shape()[0];
            return {builder.node("QLinearConv",
                                 linear_operands(match, builder, match.value("w"), channels),
                                 match.node("conv").attributes, match.output_type())};
          },
          true};
}

Rule multiply_integer_matrices() {
  const Pattern product = op("MatMul", {dequantized("x"), dequantized_constant("w")});
  return {
      "multiply_integer_matrices",
      RuleSet::kLowering,
      quantized(perhaps_clipped(product)),
      may_multiply_matrices,
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        return {builder.node("QLinearMatMul", linear_operands(match, builder, match.value("w"), 0),
                             {}, match.output_type())};
      },
      true};
}

Rule multiply_integer_gemm() {
  const Pattern gemm =
      op("Gemm", {dequantized("x"), dequantized_constant("w"), perhaps_dequantized_bias()})
          .named("gemm");
  return {"multiply_integer_gemm",
          RuleSet::kLowering,
          quantized(perhaps_clipped(gemm)),
          may_multiply_gemm,
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            ValueId weights = match.value("w");
            if (transposes_weights(match)) {
              weights = builder.constant(transposed(match.tensor("w")), "w");
            }
            const int64_t columns = builder.type(weights).shape->back().size;
            return {builder.node("QLinearGemm", linear_operands(match, builder, weights, columns),
                                 {}, match.output_type(), kPrivateDomain)};
          },
          true};
}

}  // namespace convoy::on_integers
