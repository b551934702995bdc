// MatMul and Gemm with what follows: a bias for each column, a residual, an activation. Lowering
// only.
#include "ops/rewrites/channel_constants.h"
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Pattern plain_matmul() { return op("MatMul", {any("a"), any("b")}).named("product"); }
Pattern gemm() {
  return op("Gemm", {any("a"), any("b"), constant("c").optional()}).named("product");
}
Pattern fused_matmul() {
  return op("FusedMatMul", {any("a"), any("b"), any("bias").optional(), any("residual").optional()})
      .domain(kPrivateDomain)
      .named("product");
}

ValueId captured(const Match& match, const char* name) {
  return match.has(name) ? match.value(name) : ValueId::kNone;
}

Refusal may_take_epilogue(const Match& match) {
  if (!text_of(match.node("product"), "activation", "").empty()) {
    return "there is an activation already";
  }
  return computes_in_float32(match.output_type());
}

int64_t columns_of(const ValueType& type) {
  if (!type.is_tensor() || !type.shape || type.shape->empty()) return -1;
  return type.shape->back().size;
}

// A constant that holds one number for each column and nothing else.
bool is_row(const Tensor& tensor, int64_t columns) {
  return columns >= 0 && tensor.rank() >= 1 && tensor.count() == columns &&
         tensor.shape().back() == columns;
}

// Attributes and operands of the product as FusedMatMul takes them.
struct Product {
  Attributes attributes;
  ValueId bias = ValueId::kNone;
};

Product as_fused(const Match& match, GraphBuilder& builder) {
  const Node& node = match.node("product");
  Product product;
  if (!node.is("Gemm")) {
    if (node.op_type == "FusedMatMul") product.attributes = node.attributes;
    product.bias = captured(match, "bias");
    return product;
  }
  product.attributes["transA"] = integer_of(node, "transA", 0);
  product.attributes["transB"] = integer_of(node, "transB", 0);
  product.attributes["scale"] = number_of(node, "alpha", 1);
  if (captured(match, "c") != ValueId::kNone) {
    const Tensor& c = match.tensor("c");
    Tensor row = c.contiguous().reshaped({c.count()});
    std::vector<double> beta = {number_of(node, "beta", 1)};
    std::vector<double> factors(static_cast<size_t>(row.count()), beta[0]);
    product.bias = builder.constant(scale_along(row, 0, factors), "bias");
  }
  return product;
}

ValueId fused(const Match& match, GraphBuilder& builder, Product product, ValueId residual) {
  return builder.node("FusedMatMul", {match.value("a"), match.value("b"), product.bias, residual},
                      std::move(product.attributes), match.output_type(), kPrivateDomain);
}

Rule fuse_bias() {
  return {"fuse_matmul_bias", RuleSet::kLowering,
          op("Add", {any_of({plain_matmul(), fused_matmul()}), constant("row")}),
          [](const Match& match) -> Refusal {
            if (captured(match, "bias") != ValueId::kNone ||
                captured(match, "residual") != ValueId::kNone) {
              return "there is a bias or residual already";
            }
            if (match.type("b").rank() < 2) return "the right operand may be a vector";
            const ValueType& product = match.graph().value(match.node("product").outputs[0]).type;
            if (!is_row(match.tensor("row"), columns_of(product))) {
              return "the constant is not one for each column";
            }
            if (match.tensor("row").rank() > product.rank()) return "the rank is raised";
            return may_take_epilogue(match);
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            const Tensor& row = match.tensor("row");
            Product product = as_fused(match, builder);
            product.bias = builder.constant(row.contiguous().reshaped({row.count()}), "bias");
            return {fused(match, builder, std::move(product), ValueId::kNone)};
          }};
}

Refusal gemm_fits(const Match& match) {
  if (!match.node("product").is("Gemm") || captured(match, "c") == ValueId::kNone) {
    return std::nullopt;
  }
  const Tensor& c = match.tensor("c");
  const ValueType& type = match.graph().value(match.node("product").outputs[0]).type;
  if (!is_row(c, columns_of(type))) return "C is not one for each column";
  bool rounds = c.dtype() != DType::kFloat32 && number_of(match.node("product"), "beta", 1) != 1;
  return rounds ? Refusal("beta would be rounded into C") : std::nullopt;
}

Rule fuse_residual() {
  return {"fuse_matmul_residual", RuleSet::kLowering,
          op("Add", {any_of({fused_matmul(), plain_matmul(), gemm()}), any("r")}),
          [](const Match& match) -> Refusal {
            if (captured(match, "residual") != ValueId::kNone) {
              return "there is a residual already";
            }
            const ValueType& product = match.graph().value(match.node("product").outputs[0]).type;
            if (!surely_equal_shapes(match.type("r"), match.output_type()) ||
                !surely_equal_shapes(product, match.output_type())) {
              return "the residual may have another shape";
            }
            if (Refusal refusal = gemm_fits(match)) return refusal;
            return may_take_epilogue(match);
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {fused(match, builder, as_fused(match, builder), match.value("r"))};
          }};
}

Rule fuse_activation() {
  Pattern product = any_of({fused_matmul(), plain_matmul(), gemm()});
  return {"fuse_matmul_activation", RuleSet::kLowering, activation_pattern(product),
          [](const Match& match) -> Refusal {
            if (!matched_activation(match)) return "the bounds are not constant";
            if (Refusal refusal = gemm_fits(match)) return refusal;
            return may_take_epilogue(match);
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Product product = as_fused(match, builder);
            set_activation(product.attributes, *matched_activation(match));
            return {fused(match, builder, std::move(product), captured(match, "residual"))};
          }};
}

}  // namespace

std::vector<RewriteStep> fuse_matmul() { return {fuse_bias(), fuse_residual(), fuse_activation()}; }

}  // namespace convoy
