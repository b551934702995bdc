// Two re-arrangements in a row become one. The inner one may be read elsewhere: it then stays.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/graph/reshape_sizes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

std::optional<List> perm_of(const Node& node, int rank) {
  if (auto perm = integers_of(node, "perm")) return perm;
  if (rank < 0) return std::nullopt;
  List reversed;
  for (int i = rank; i-- > 0;) reversed.push_back(i);
  return reversed;
}

// inner then outer: axis i of the result is axis inner[outer[i]] of x.
std::optional<List> composed_perm(const Match& match) {
  int rank = match.output_type().rank();
  auto inner = perm_of(match.node("inner"), rank);
  auto outer = perm_of(match.root(), rank);
  if (!inner || !outer || inner->size() != outer->size()) return std::nullopt;
  List composed;
  for (int64_t axis : *outer) {
    if (axis < 0 || axis >= static_cast<int64_t>(inner->size())) return std::nullopt;
    composed.push_back((*inner)[static_cast<size_t>(axis)]);
  }
  return composed;
}

Rule compose_transposes() {
  return {"compose_transposes", RuleSet::kPortable,
          op("Transpose", {op("Transpose", {any("x")}).named("inner").shared()}),
          [](const Match& match) -> Refusal {
            return composed_perm(match) ? Refusal() : "the rank is not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            List perm = *composed_perm(match);
            if (std::is_sorted(perm.begin(), perm.end())) return {match.value("x")};
            return {builder.transpose(match.value("x"), perm)};
          }};
}

Pattern rearranger(const char* name) {
  return op_with(&OpDef::reshapes, {any("x")}).rest().named(name);
}

// The shape that takes x to the root's output in one Reshape; nullopt where it cannot be told.
std::optional<List> direct_shape(const Match& match) {
  const ValueType& type = match.output_type();
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  const auto& source = match.type("x").shape;
  return reshape_sizes(*type.shape, [&](size_t i) {
    return source && has_symbol_in_place(*source, *type.shape, i);
  });
}

Rule compose_reshapes() {
  Pattern outer = op_with(&OpDef::reshapes, {rearranger("inner").shared()}).rest();
  return {"compose_reshapes", RuleSet::kPortable, outer,
          [](const Match& match) -> Refusal {
            return direct_shape(match) ? Refusal() : "more than one dimension is not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            auto before = match.type("x").static_shape();
            auto after = match.output_type().static_shape();
            if (before && after && *before == *after) return {match.value("x")};
            return {builder.reshape(match.value("x"), *direct_shape(match), match.output_type())};
          }};
}

// Squeeze of an Unsqueeze on the same axes: any sizes.
Rule cancel_unsqueeze() {
  Pattern inner = op("Unsqueeze", {any("x")}).rest().named("inner").shared();
  return {
      "cancel_unsqueeze", RuleSet::kPortable, op("Squeeze", {inner}).rest(),
      [](const Match& match) -> Refusal {
        auto inserted = squeeze_axes(match.graph(), match.node("inner"));
        auto removed = squeeze_axes(match.graph(), match.root());
        if (!inserted || !removed) return "the axes or the rank are not known";
        return *inserted == *removed ? Refusal() : "the axes differ";
      },
      [](const Match& match, GraphBuilder&) -> std::vector<ValueId> { return {match.value("x")}; }};
}

// Every value of `from` survives the way to `to`: the inner Cast of a pair may be left out.
bool holds_exactly(DType from, DType to) {
  if (from == to) return true;
  if (from == DType::kBool) return to != DType::kString;
  switch (to) {
    case DType::kFloat64:
      return from == DType::kFloat32 || from == DType::kFloat16 || from == DType::kBFloat16 ||
             ((is_signed_integer(from) || is_unsigned_integer(from)) && size_of(from) <= 4);
    case DType::kFloat32:
      return from == DType::kFloat16 || from == DType::kBFloat16 ||
             ((is_signed_integer(from) || is_unsigned_integer(from)) && size_of(from) <= 2);
    case DType::kInt64:
    case DType::kInt32:
    case DType::kInt16:
      return (is_signed_integer(from) || is_unsigned_integer(from)) && size_of(from) < size_of(to);
    default: return false;
  }
}

Rule compose_casts() {
  return {"compose_casts", RuleSet::kPortable,
          op("Cast", {op("Cast", {any("x")}).named("inner").shared()}),
          [](const Match& match) -> Refusal {
            const ValueType& type = match.type("x");
            if (!type.is_tensor()) return "the type is not known";
            auto middle = static_cast<DType>(integer_of(match.node("inner"), "to", 0));
            return holds_exactly(type.dtype, middle) ? Refusal() : "the first Cast loses digits";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.node_like(match.root(), {match.value("x")}, match.output_type())};
          }};
}

}  // namespace

std::vector<RewriteStep> compose_chains() {
  return {compose_transposes(), cancel_unsqueeze(), compose_reshapes(), compose_casts()};
}

}  // namespace convoy
