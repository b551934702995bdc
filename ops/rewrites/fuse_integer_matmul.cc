// What dynamically quantized models make of a product of integers goes into it: the cast to
// float32, the scale, the bias. Lowering only.
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/op.h"

namespace convoy {
namespace {

constexpr std::string_view kScaled = "ScaledMatMulInteger";

// One number, or one for each column, along the last axis.
bool is_row(const ValueType& type, int64_t columns, bool may_be_one) {
  if (!type.is_tensor() || type.dtype != DType::kFloat32 || !type.shape) return false;
  if (type.shape->size() > 1) return false;
  const bool one = type.shape->empty() || (*type.shape)[0].size == 1;
  return (may_be_one && one) || (!type.shape->empty() && (*type.shape)[0].size == columns);
}

int64_t columns_of(const Match& match) { return match.tensor("b").shape()[1]; }

Rule fuse_scale() {
  const Pattern product = op("MatMulInteger", {any("a"), constant("b"), any("a_zero").optional(),
                                               any("b_zero").optional()});
  return {"fuse_integer_scale",
          RuleSet::kLowering,
          op("Mul", {op("Cast", {product}).named("cast"), any("scale")}),
          [](const Match& match) -> Refusal {
            if (match.tensor("b").rank() != 2) return "B is no single matrix";
            if (match.type("a").rank() < 2) return "A may be a vector";
            const auto to = static_cast<DType>(integer_of(match.node("cast"), "to", 0));
            if (to != DType::kFloat32) return "only float32";
            if (!is_row(match.type("scale"), columns_of(match), true)) {
              return "the scale is not one for each column";
            }
            return std::nullopt;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.node(kScaled,
                                 {match.value("a"), match.value("b"), match.value("a_zero"),
                                  match.value("b_zero"), match.value("scale")},
                                 {}, match.output_type(), kPrivateDomain)};
          },
          true};
}

Rule fuse_bias() {
  const Pattern product = op(kScaled, {any("a"), constant("b"), any("a_zero").optional(),
                                       any("b_zero").optional(), any("scale")})
                              .domain(kPrivateDomain);
  return {"fuse_integer_bias",
          RuleSet::kLowering,
          op("Add", {product, any("bias")}),
          [](const Match& match) -> Refusal {
            if (!is_row(match.type("bias"), columns_of(match), false)) {
              return "the bias is not one for each column";
            }
            return std::nullopt;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.node(kScaled,
                                 {match.value("a"), match.value("b"), match.value("a_zero"),
                                  match.value("b_zero"), match.value("scale"), match.value("bias")},
                                 {}, match.output_type(), kPrivateDomain)};
          },
          true};
}

}  // namespace

std::vector<RewriteStep> fuse_integer_matmul() { return {fuse_scale(), fuse_bias()}; }

}  // namespace convoy
