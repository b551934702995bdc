// A merged layer stays stacked in a session: Transpose → Reshape → Conv(group) → Reshape →
// Transpose, whether a rewrite or a person wrote it, is one StackedConv that reads and writes its
// operands in place. Lowering only.
#include <algorithm>
#include <numeric>

#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
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

// The axis that a Transpose brings to position 1 (or from it), all others keeping their order;
// nullopt when it does something else.
std::optional<int> axis_brought_to_one(const Node& transpose) {
  auto perm = integers_of(transpose, "perm");
  if (!perm || perm->size() < 3) return std::nullopt;
  List others = *perm;
  others.erase(others.begin() + 1);
  if (!std::is_sorted(others.begin(), others.end())) return std::nullopt;
  return static_cast<int>((*perm)[1]);
}
std::optional<int> axis_taken_from_one(const Node& transpose) {
  auto perm = integers_of(transpose, "perm");
  if (!perm || perm->size() < 3) return std::nullopt;
  auto at = std::find(perm->begin(), perm->end(), 1);
  if (at == perm->end()) return std::nullopt;
  List others = *perm;
  others.erase(others.begin() + (at - perm->begin()));
  if (!std::is_sorted(others.begin(), others.end())) return std::nullopt;
  return static_cast<int>(at - perm->begin());
}

// Does a Reshape leave all sizes as they are but for axes 1 and 2 of `split`, which are one axis in
// `folded`? Then it only splits (or folds) them.
bool folds_axes_one_and_two(const ValueType& split, const ValueType& folded, const List* shape) {
  if (!split.shape || !folded.shape || split.rank() != folded.rank() + 1) return false;
  const auto& s = *split.shape;
  const auto& f = *folded.shape;
  if (!s[1].known() || !s[2].known() || !f[1].known()) return false;
  if (f[1].size != s[1].size * s[2].size) return false;
  int unknown = 0;
  for (size_t i = 0; i < f.size(); ++i) {
    if (i == 1) continue;
    const Dimension& a = f[i];
    const Dimension& b = s[i == 0 ? 0 : i + 1];
    if (a.known() && b.known()) {
      if (a.size != b.size) return false;
    } else if (i == 0 && shape != nullptr && (*shape)[0] == 0) {
      continue;  // copied
    } else if (a.symbol.empty() || a.symbol != b.symbol) {
      ++unknown;  // the one that the element count decides
    }
  }
  return unknown <= 1;
}

std::optional<List> shape_of(const Match& match, std::string_view reshape) {
  return integers_of(match.graph(), match.node(reshape), "shape", 1);
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

// Sizes for a Reshape between values that agree in axis 0 and in all behind the folded axis.
std::optional<List> reshape_sizes(const ValueType& to) {
  List sizes;
  int inferred = 0;
  for (size_t i = 0; i < to.shape->size(); ++i) {
    const Dimension& dim = (*to.shape)[i];
    if (!dim.known() && i > 0) ++inferred;
    sizes.push_back(dim.known() ? dim.size : i == 0 ? 0 : -1);
  }
  return inferred <= 1 ? std::optional(sizes) : std::nullopt;
}

// Conv(Reshape(Transpose(x))): the stacked axis is read where it is.
Rule raise_input() {
  Pattern moved = op("Transpose", {any("x")}).named("transpose").shared();
  Pattern folded = op("Reshape", {moved}).rest().named("reshape").shared();
  auto axis = [](const Match& match) { return axis_brought_to_one(match.node("transpose")); };
  return {
      "raise_stacked_conv_input", RuleSet::kLowering, grouped_conv(folded),
      [axis](const Match& match) -> Refusal {
        if (Refusal refusal = has_kernel(match)) return refusal;
        if (!axis(match)) return "the Transpose moves more than one axis";
        auto shape = shape_of(match, "reshape");
        const ValueType& split = output_type_of(match, "transpose");
        if (!shape || !folds_axes_one_and_two(split, output_type_of(match, "reshape"), &*shape)) {
          return "the Reshape does not fold one axis into the channels";
        }
        if (!divides(match, (*split.shape)[1].size)) return "the groups do not divide";
        if (match.output_type().rank() != split.rank() - 1 ||
            !(*match.output_type().shape)[1].known()) {
          return "the result's type is not known";
        }
        return reshape_sizes(match.output_type()) ? Refusal() : "too many unknown sizes";
      },
      [axis](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        int64_t count = (*output_type_of(match, "transpose").shape)[1].size;
        ValueType type = match.output_type();
        ValueId y =
            builder.node("StackedConv", {match.value("x"), match.value("w"), match.value("b")},
                         stacked_attributes(match.node("conv"), count, *axis(match), 1),
                         split_type(type, count), kPrivateDomain);
        return {builder.reshape(y, *reshape_sizes(type), type)};
      }};
}

// Transpose(Reshape(Reshape(StackedConv))): the result is written where it belongs.
Rule raise_output() {
  Pattern stacked = op("StackedConv", {any("x"), any("w"), any("b").optional()})
                        .domain(kPrivateDomain)
                        .named("conv");
  Pattern folded = op("Reshape", {stacked}).rest().named("fold");
  Pattern split = op("Reshape", {folded}).rest().named("split");
  Pattern whole = any_of({op("Transpose", {split}), op("Transpose", {stacked})});
  return {
      "raise_stacked_conv_output", RuleSet::kLowering, whole,
      [](const Match& match) -> Refusal {
        if (integer_of(match.node("conv"), "output_axis", -1) != 1) return "it moved already";
        if (!axis_taken_from_one(match.root())) {
          return "the Transpose moves more than one axis";
        }
        if (!match.has("split")) return std::nullopt;
        auto shape = shape_of(match, "split");
        const ValueType& before = output_type_of(match, "conv");
        const ValueType& after = output_type_of(match, "split");
        bool same = before.shape && after.shape && before.rank() == after.rank() &&
                    (*before.shape)[1] == (*after.shape)[1] &&
                    (*before.shape)[2] == (*after.shape)[2];
        if (!shape || !same ||
            !folds_axes_one_and_two(after, output_type_of(match, "fold"), &*shape)) {
          return "the Reshape does not split the channels";
        }
        return std::nullopt;
      },
      [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
        Attributes attributes = match.node("conv").attributes;
        attributes["output_axis"] = int64_t{*axis_taken_from_one(match.root())};
        return {builder.node("StackedConv", {match.value("x"), match.value("w"), match.value("b")},
                             std::move(attributes), match.output_type(), kPrivateDomain)};
      }};
}

// Transpose(Reshape(Conv(x))): the last of a chain of grouped convolutions writes in place.
Rule raise_last() {
  Pattern split = op("Reshape", {grouped_conv(any("x"))}).rest().named("split");
  return {"raise_stacked_conv_last", RuleSet::kLowering, op("Transpose", {split}),
          [](const Match& match) -> Refusal {
            if (Refusal refusal = has_kernel(match)) return refusal;
            if (!axis_taken_from_one(match.root())) {
              return "the Transpose moves more than one axis";
            }
            auto shape = shape_of(match, "split");
            const ValueType& type = output_type_of(match, "split");
            if (!shape || !folds_axes_one_and_two(type, output_type_of(match, "conv"), &*shape)) {
              return "the Reshape does not split the channels";
            }
            int64_t count = (*type.shape)[1].size;
            if (!divides(match, count)) return "the groups do not divide";
            const ValueType& x = match.type("x");
            if (!x.shape || !(*x.shape)[1].known() || (*x.shape)[1].size % count != 0 ||
                !reshape_sizes(split_type(x, count))) {
              return "the operand's type is not known";
            }
            return std::nullopt;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            int64_t count = (*output_type_of(match, "split").shape)[1].size;
            ValueType type = split_type(match.type("x"), count);
            ValueId x = builder.reshape(match.value("x"), *reshape_sizes(type), type);
            return {builder.node("StackedConv", {x, match.value("w"), match.value("b")},
                                 stacked_attributes(match.node("conv"), count, 1,
                                                    *axis_taken_from_one(match.root())),
                                 match.output_type(), kPrivateDomain)};
          }};
}

}  // namespace

std::vector<RewriteStep> raise_stacked_conv() {
  return {raise_input(), raise_output(), raise_last()};
}

}  // namespace convoy
