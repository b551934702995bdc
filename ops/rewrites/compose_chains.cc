// Two re-arrangements in a row become one. The inner one may be read elsewhere: it then stays.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/graph/reshape_sizes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// Of a Transpose of that rank, -1 where it is not known.
std::optional<List> perm_of(const Node& node, int rank) {
  if (auto perm = integers_of(node, "perm")) {
    bool fits = is_permutation(*perm, rank < 0 ? static_cast<int64_t>(perm->size()) : rank);
    return fits ? perm : std::nullopt;
  }
  if (rank < 0) return std::nullopt;
  List reversed;
  for (int i = rank; i-- > 0;) reversed.push_back(i);
  return reversed;
}

// inner then outer: axis i of the result is axis inner[outer[i]] of x.
std::optional<List> composed_perm(const Match& match) {
  int rank = match.output_type().rank();
  int source = match.type("x").rank();
  auto inner = perm_of(match.node("inner"), source < 0 ? rank : source);
  auto outer = perm_of(match.root(), rank);
  if (!inner || !outer || inner->size() != outer->size()) return std::nullopt;
  List composed;
  for (int64_t axis : *outer) composed.push_back((*inner)[static_cast<size_t>(axis)]);
  return composed;
}

Rule compose_transposes() {
  return {"compose_transposes", RuleSet::kPortable,
          op("Transpose", {op("Transpose", {any("x")}).named("inner").shared()}),
          [](const Match& match) -> Refusal {
            return composed_perm(match) ? Refusal() : "the order or the rank is not known";
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

bool is_integer(DType dtype) { return is_signed_integer(dtype) || is_unsigned_integer(dtype); }

// Does every value of `from` survive the way to `to`? (float8e8m0 has no 0.)
bool holds_exactly(DType from, DType to) {
  if (from == to) return is_known(from);
  if (from == DType::kBool) {
    return is_known(to) && to != DType::kString && to != DType::kFloat8E8M0;
  }
  switch (to) {
    case DType::kFloat64:
      return from == DType::kFloat32 || from == DType::kFloat16 || from == DType::kBFloat16 ||
             (is_integer(from) && size_of(from) <= 4);
    case DType::kFloat32:
      return from == DType::kFloat16 || from == DType::kBFloat16 ||
             (is_integer(from) && size_of(from) <= 2);
    case DType::kInt64:
    case DType::kInt32:
    case DType::kInt16: return is_integer(from) && size_of(from) < size_of(to);
    default: return false;
  }
}

// Is what the last type makes of a number the same, whether it comes as `from` or as `middle`,
// which holds it exactly? Integers are written in other digits than floats, and floats than wider
// ones; integers that are too large keep their low bits, which floats of 2³¹ and above do not.
bool is_cast_alike(DType from, DType middle, DType to) {
  if (from == middle) return true;
  if (to == DType::kString) return is_integer(from) && is_integer(middle);
  return from != DType::kUInt32 || is_integer(middle) || is_floating(to);
}

Rule compose_casts() {
  return {"compose_casts", RuleSet::kPortable,
          op("Cast", {op("Cast", {any("x")}).named("inner").shared()}),
          [](const Match& match) -> Refusal {
            const ValueType& type = match.type("x");
            if (!type.is_tensor()) return "the type is not known";
            auto middle = static_cast<DType>(integer_of(match.node("inner"), "to", 0));
            if (!holds_exactly(type.dtype, middle)) return "the first Cast loses digits";
            auto to = static_cast<DType>(integer_of(match.root(), "to", 0));
            bool alike = is_cast_alike(type.dtype, middle, to);
            return alike ? Refusal() : "the second Cast sees another kind of number";
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
