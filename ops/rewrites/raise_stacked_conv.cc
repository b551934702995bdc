// A merged layer stays stacked in a session: Transpose → Reshape → Conv(group) → Reshape →
// Transpose, whether a rewrite or a person wrote it, is one StackedConv that reads and writes its
// operands in place. Lowering only.
#include <algorithm>
#include <numeric>

#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "ops/rewrites/squeeze_axes.h"
#include "runtime/graph/fold_axes.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

// A Conv without residual, fused with an activation or not.
Pattern grouped_conv(const Pattern& x) {
  Pattern w = constant("w");
  Pattern b = any("b").optional();
  Pattern plain = op("Conv", {x, w, b}).named("conv");
  Pattern fused = op("FusedConv", {x, w, b}).domain(kPrivateDomain).named("conv");
  return any_of({fused, plain});
}

// Of the axes of a Transpose of rank 3 and more; nullopt for what is none.
std::optional<List> order_of(const Match& match, const Node& transpose) {
  auto perm = integers_of(transpose, "perm");
  int rank = match.graph().value(transpose.outputs[0]).type.rank();
  return perm && rank >= 3 && is_permutation(*perm, rank) ? perm : std::nullopt;
}

// The axis that a Transpose brings to position 1 (or from it), all others keeping their order;
// nullopt when it does something else.
std::optional<int> axis_brought_to_one(const Match& match, const Node& transpose) {
  auto perm = order_of(match, transpose);
  if (!perm) return std::nullopt;
  List others = *perm;
  others.erase(others.begin() + 1);
  if (!std::is_sorted(others.begin(), others.end())) return std::nullopt;
  return static_cast<int>((*perm)[1]);
}
std::optional<int> axis_taken_from_one(const Match& match) {
  auto perm = order_of(match, match.root());
  if (!perm) return std::nullopt;
  auto at = std::find(perm->begin(), perm->end(), 1);
  List others = *perm;
  others.erase(others.begin() + (at - perm->begin()));
  if (!std::is_sorted(others.begin(), others.end())) return std::nullopt;
  return static_cast<int>(at - perm->begin());
}

// Axes 1 and 2 of x as one, or axis 1 as two: a Reshape, or one that keeps the rank and the Squeeze
// or Unsqueeze that makes it do so (runtime/graph/fold_axes.h). `name` is the Reshape's.
enum class Readers { kOne, kAny };
Pattern fold_of(const Pattern& x, const char* name, Readers readers = Readers::kOne) {
  auto read = [readers](const Pattern& one) {
    return readers == Readers::kAny ? one.shared() : one;
  };
  Pattern reshape = read(op("Reshape", {x}).rest().named(name));
  return any_of({read(op("Squeeze", {reshape}).rest().named("squeeze")), reshape});
}
Pattern split_of(const Pattern& x, const char* name) {
  Pattern beside = op("Unsqueeze", {x}).rest().named("unsqueeze");
  return any_of(
      {op("Reshape", {beside}).rest().named(name), op("Reshape", {x}).rest().named(name)});
}

// Does a Reshape leave all sizes as they are but for axes 1 and 2 of `split`, which are one axis in
// `folded`? Then it only splits (or folds) them. `beside` names the Squeeze or Unsqueeze that keeps
// its rank.
bool folds_axes_one_and_two(const Match& match, std::string_view reshape, std::string_view beside,
                            const ValueType& split, const ValueType& folded) {
  if (!split.shape || !folded.shape || split.rank() != folded.rank() + 1) return false;
  if (split.rank() < 3) return false;
  const auto& s = *split.shape;
  const auto& f = *folded.shape;
  if (!s[1].known() || !s[2].known() || !f[1].known()) return false;
  int64_t whole = 0;
  if (__builtin_mul_overflow(s[1].size, s[2].size, &whole) || f[1].size != whole) return false;
  auto shape = integers_of(match.graph(), match.node(reshape), "shape", 1);
  if (!shape) return false;
  bool keeps_rank = match.has(beside);
  if (shape->empty() || (keeps_rank && shape->size() != s.size())) return false;
  if (keeps_rank) {
    auto axes = squeeze_axes(match.graph(), match.node(beside));
    if (!axes || (*axes != List{1} && *axes != List{2})) return false;
  }
  int unknown = 0;
  for (size_t i = 0; i < f.size(); ++i) {
    if (i == 1) continue;
    size_t place = i == 0 ? 0 : i + 1;
    const Dimension& a = f[i];
    const Dimension& b = s[place];
    bool copied = (i == 0 || keeps_rank) && (*shape)[place] == 0;
    if (a.known() && b.known()) {
      if (a.size != b.size) return false;
    } else if (!copied && (a.symbol.empty() || a.symbol != b.symbol)) {
      ++unknown;  // the one that the element count decides
    }
  }
  return unknown <= 1;
}

const ValueType& output_type_of(const Match& match, std::string_view node) {
  return match.graph().value(match.node(node).outputs[0]).type;
}

// Members of a grouped convolution: `count` of them, `group` groups each.
bool divides(const Match& match, int64_t count) {
  int64_t group = integer_of(match.node("conv"), "group", 1);
  return count > 0 && group % count == 0 && match.tensor("w").shape()[0] % count == 0;
}

Refusal has_kernel(const Match& match) {
  if (Refusal refusal = computes_in_float32(match.output_type())) return refusal;
  int rank = match.tensor("w").rank();
  if (rank < 3 || rank > 5) return "1 to 3 spatial axes";
  return std::nullopt;
}

Attributes stacked_attributes(const Node& conv, int64_t count, int stack_axis, int output_axis) {
  Attributes attributes = conv.attributes;
  attributes["group"] = integer_of(conv, "group", 1) / count;
  attributes["stack_axis"] = int64_t{stack_axis};
  attributes["output_axis"] = int64_t{output_axis};
  return attributes;
}

// The type of a folded value with axis 1 split into count and the rest.
ValueType split_type(const ValueType& folded, int64_t count) {
  std::vector<Dimension> dims = *folded.shape;
  Dimension each{dims[1].size / count, ""};
  dims[1] = {count, ""};
  dims.insert(dims.begin() + 2, each);
  return ValueType::tensor(folded.dtype, std::move(dims));
}

// Conv(Reshape(Transpose(x))): the stacked axis is read where it is.
Rule raise_input() {
  Pattern moved = op("Transpose", {any("x")}).named("transpose").shared();
  Pattern folded = fold_of(moved, "reshape", Readers::kAny);
  auto axis = [](const Match& match) {
    return axis_brought_to_one(match, match.node("transpose"));
  };
  return {"raise_stacked_conv_input", RuleSet::kLowering, grouped_conv(folded),
          [axis](const Match& match) -> Refusal {
            if (Refusal refusal = has_kernel(match)) return refusal;
            if (!axis(match)) return "the Transpose moves more than one axis";
            const ValueType& split = output_type_of(match, "transpose");
            const ValueType& folded = match.graph().value(match.node("conv").inputs[0]).type;
            if (!folds_axes_one_and_two(match, "reshape", "squeeze", split, folded)) {
              return "the Reshape does not fold one axis into the channels";
            }
            if (!divides(match, (*split.shape)[1].size)) return "the groups do not divide";
            if (match.output_type().rank() != split.rank() - 1 ||
                !(*match.output_type().shape)[1].known()) {
              return "the result's type is not known";
            }
            return std::nullopt;
          },
          [axis](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            int64_t count = (*output_type_of(match, "transpose").shape)[1].size;
            ValueType type = match.output_type();
            ValueId y =
                builder.node("StackedConv", {match.value("x"), match.value("w"), match.value("b")},
                             stacked_attributes(match.node("conv"), count, *axis(match), 1),
                             split_type(type, count), kPrivateDomain);
            ValueId folded = fold_axes(builder, y, 1);
            builder.graph().set_type(folded, type);
            return {folded};
          }};
}

// Transpose(Reshape(Reshape(StackedConv))): the result is written where it belongs.
Rule raise_output() {
  Pattern stacked = op("StackedConv", {any("x"), any("w"), any("b").optional()})
                        .domain(kPrivateDomain)
                        .named("conv");
  Pattern split = split_of(fold_of(stacked, "fold"), "split");
  Pattern whole = any_of({op("Transpose", {split}), op("Transpose", {stacked})});
  return {
      "raise_stacked_conv_output", RuleSet::kLowering, whole,
      [](const Match& match) -> Refusal {
        if (integer_of(match.node("conv"), "output_axis", -1) != 1) return "it moved already";
        if (!axis_taken_from_one(match)) {
          return "the Transpose moves more than one axis";
        }
        if (!match.has("split")) return std::nullopt;
        const ValueType& before = output_type_of(match, "conv");
        const ValueType& after = output_type_of(match, "split");
        bool same = before.rank() >= 3 && before.rank() == after.rank() &&
                    (*before.shape)[1] == (*after.shape)[1] &&
                    (*before.shape)[2] == (*after.shape)[2];
        const ValueType& folded = output_type_of(match, match.has("squeeze") ? "squeeze" : "fold");
        if (!same || !folds_axes_one_and_two(match, "fold", "squeeze", before, folded) ||
            !folds_axes_one_and_two(match, "split", "unsqueeze", after, folded)) {
          return "the Reshape does not split the channels";
        }
        return std::nullopt;
      },
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        Attributes attributes = match.node("conv").attributes;
        attributes["output_axis"] = int64_t{*axis_taken_from_one(match)};
        return {builder.node("StackedConv", {match.value("x"), match.value("w"), match.value("b")},
                             std::move(attributes), match.output_type(), kPrivateDomain)};
      }};
}

// Transpose(Reshape(Conv(x))): the last of a chain of grouped convolutions writes in place.
Rule raise_last() {
  Pattern split = split_of(grouped_conv(any("x")), "split");
  return {"raise_stacked_conv_last", RuleSet::kLowering, op("Transpose", {split}),
          [](const Match& match) -> Refusal {
            if (Refusal refusal = has_kernel(match)) return refusal;
            if (!axis_taken_from_one(match)) {
              return "the Transpose moves more than one axis";
            }
            const ValueType& type = output_type_of(match, "split");
            if (!folds_axes_one_and_two(match, "split", "unsqueeze", type,
                                        output_type_of(match, "conv"))) {
              return "the Reshape does not split the channels";
            }
            int64_t count = (*type.shape)[1].size;
            if (!divides(match, count)) return "the groups do not divide";
            const ValueType& x = match.type("x");
            bool known = x.rank() == match.tensor("w").rank() && (*x.shape)[1].known();
            if (!known || (*x.shape)[1].size % count != 0) {
              return "the operand's type is not known";
            }
            return std::nullopt;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            int64_t count = (*output_type_of(match, "split").shape)[1].size;
            const ValueType& folded = match.type("x");
            Dimension each{(*folded.shape)[1].size / count, ""};
            ValueId x = split_axis(builder, match.value("x"), 1, {count, ""}, each);
            return {builder.node(
                "StackedConv", {x, match.value("w"), match.value("b")},
                stacked_attributes(match.node("conv"), count, 1, *axis_taken_from_one(match)),
                match.output_type(), kPrivateDomain)};
          }};
}

}  // namespace

std::vector<RewriteStep> raise_stacked_conv() {
  return {raise_input(), raise_output(), raise_last()};
}

}  // namespace convoy
