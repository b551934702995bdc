// Operators that return their input as it is.
#include <algorithm>
#include <numeric>

#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using Guard = std::function<Refusal(const Match&)>;

Rule returns_x(std::string name, Pattern pattern, Guard guard = nullptr) {
  return {std::move(name),
          RuleSet::kPortable,
          std::move(pattern),
          std::move(guard),
          [](const Match& match, GraphBuilder&) -> std::vector<ValueId> {
            std::vector<ValueId> values(match.root().outputs.size(), ValueId::kNone);
            values[0] = match.value("x");
            return values;
          },
          true};
}

Refusal refuse_unless(bool ok, const char* reason) { return ok ? Refusal() : Refusal(reason); }

Refusal is_inference_dropout(const Match& match) {
  const Node& node = match.root();
  const Graph& graph = match.graph();
  if (node.outputs.size() > 1 && node.outputs[1] != ValueId::kNone) {
    const ValueInfo& mask = graph.value(node.outputs[1]);
    if (!mask.uses.empty() || mask.is_output) return "the mask is used";
  }
  if (node.version < 7) return refuse_unless(integer_of(node, "is_test", 0) != 0, "it trains");
  if (node.version < 12 || !node.has_input(2)) return std::nullopt;
  const Tensor* training = graph.constant(node.input(2));
  if (training == nullptr || training->dtype() != DType::kBool || training->count() != 1) {
    return "training_mode is not constant";
  }
  return refuse_unless(!*training->data<bool>(), "it trains");
}

// The other operand has one element and at most the rank of x: it does not broaden the result.
Refusal is_not_broadened(const Match& match) {
  int rank = match.type("x").rank();
  if (rank < 0) return "the rank is not known";
  return refuse_unless(match.tensor("c").rank() <= rank, "the constant raises the rank");
}

Refusal is_same_type(const Match& match) {
  const ValueType& type = match.type("x");
  if (!type.is_tensor() || type.dtype == DType::kUndefined) return "the type is not known";
  return refuse_unless(static_cast<int64_t>(type.dtype) == integer_of(match.root(), "to", 0),
                       "the type changes");
}

Refusal keeps_order(const Match& match) {
  auto perm = integers_of(match.root(), "perm");
  if (!perm) {
    int rank = match.type("x").rank();
    return refuse_unless(rank == 0 || rank == 1, "the order changes");
  }
  std::vector<int64_t> straight(perm->size());
  std::iota(straight.begin(), straight.end(), 0);
  return refuse_unless(*perm == straight, "the order changes");
}

Refusal keeps_static_shape(const Match& match) {
  auto before = match.type("x").static_shape();
  auto after = match.output_type().static_shape();
  if (!before || !after) return "a dimension is not known";
  return refuse_unless(*before == *after, "the shape changes");
}

// Reshape to the input's own shape, of which one dimension may be unknown and -1 or 0.
Refusal keeps_shape(const Match& match) {
  if (!keeps_static_shape(match)) return std::nullopt;
  auto shape = integers_of(match.graph(), match.root(), "shape", 1);
  const ValueType& type = match.type("x");
  if (!shape || !type.is_tensor() || type.rank() != static_cast<int>(shape->size())) {
    return "the shape changes or is not known";
  }
  if (integer_of(match.root(), "allowzero", 0) != 0) return "allowzero is set";
  int inferred = 0;
  for (size_t i = 0; i < shape->size(); ++i) {
    const Dimension& dim = (*type.shape)[i];
    if ((*shape)[i] == 0) continue;
    if ((*shape)[i] == -1) {
      ++inferred;
    } else if (!dim.known() || dim.size != (*shape)[i]) {
      return "the shape changes or is not known";
    }
  }
  return refuse_unless(inferred <= 1, "the shape changes or is not known");
}

Refusal pads_nothing(const Match& match) {
  const char* name = match.root().version < 2 ? "paddings" : "pads";
  auto pads = integers_of(match.graph(), match.root(), name, 1);
  if (!pads) return "the pads are not constant";
  bool none = std::all_of(pads->begin(), pads->end(), [](int64_t pad) { return pad == 0; });
  return refuse_unless(none, "it pads");
}

// Of entry `i` of a Slice; -1 where it is not known.
int64_t size_of_sliced_axis(const Match& match, size_t i) {
  auto axes = integers_of(match.graph(), match.root(), "axes", 3);
  if (!axes && match.root().has_input(3)) return -1;
  if (axes && i >= axes->size()) return -1;
  const ValueType& type = match.type("x");
  auto axis = normalized({axes ? (*axes)[i] : static_cast<int64_t>(i)}, std::max(0, type.rank()));
  return axis ? (*type.shape)[static_cast<size_t>((*axis)[0])].size : -1;
}

// Slices from 0 to beyond the end with step 1 on every axis.
Refusal takes_all(const Match& match) {
  const Node& node = match.root();
  if (!keeps_static_shape(match)) {
    auto steps = integers_of(match.graph(), node, "steps", 4);
    if (!node.has_input(4)) return std::nullopt;
    bool forward =
        steps && std::count(steps->begin(), steps->end(), 1) == static_cast<int64_t>(steps->size());
    return refuse_unless(forward, "it may reverse");
  }
  auto starts = integers_of(match.graph(), node, "starts", 1);
  auto ends = integers_of(match.graph(), node, "ends", 2);
  if (!starts || !ends || node.has_input(4)) return "it may leave something out";
  for (size_t i = 0; i < starts->size(); ++i) {
    bool all = (*starts)[i] == 0 && i < ends->size() &&
               reaches_end((*ends)[i], size_of_sliced_axis(match, i));
    if (!all) return "it may leave something out";
  }
  return std::nullopt;
}

// The operand that a Where with a constant condition takes everywhere; kNone where it takes both,
// or the result may have another shape.
ValueId taken_everywhere(const Match& match) {
  const Tensor& condition = match.tensor("condition");
  if (condition.dtype() != DType::kBool || condition.count() == 0) return ValueId::kNone;
  Tensor plain = condition.contiguous();
  const bool* first = plain.data<bool>();
  bool equal = std::all_of(first, first + plain.count(), [&](bool one) { return one == *first; });
  ValueId operand = match.root().inputs[*first ? 1 : 2];
  const ValueType& type = match.graph().value(operand).type;
  bool same = equal && surely_equal_shapes(type, match.output_type());
  return same ? operand : ValueId::kNone;
}

Rule remove_where() {
  return {"remove_where",
          RuleSet::kPortable,
          op("Where", {constant("condition"), any(), any()}),
          [](const Match& match) -> Refusal {
            bool one = taken_everywhere(match) != ValueId::kNone;
            return refuse_unless(one, "it takes of both, or the shape may change");
          },
          [](const Match& match, GraphBuilder&) -> std::vector<ValueId> {
            return {taken_everywhere(match)};
          },
          true};
}

Pattern binary_constant(const char* type, double neutral) {
  return op(type, {any("x"), scalar(neutral, 0, "c")});
}

}  // namespace

std::vector<RewriteStep> remove_identities() {
  return {
      returns_x("remove_identity", op("Identity", {any("x")})),
      returns_x("remove_dropout", op("Dropout", {any("x")}).rest(), is_inference_dropout),
      // -0 + 0 is 0: equal numbers, of which only the sign of an infinity after 1/x could tell.
      returns_x("remove_add_zero", any_of({binary_constant("Add", 0), binary_constant("Sub", 0)}),
                is_not_broadened),
      returns_x("remove_multiply_one",
                any_of({binary_constant("Mul", 1), binary_constant("Div", 1)}), is_not_broadened),
      returns_x("remove_cast", op("Cast", {any("x")}), is_same_type),
      returns_x("remove_transpose", op("Transpose", {any("x")}), keeps_order),
      returns_x("remove_reshape", op("Reshape", {any("x")}).rest(), keeps_shape),
      returns_x("remove_expand", op("Expand", {any("x"), any()}), keeps_static_shape),
      returns_x("remove_flatten", op("Flatten", {any("x")}), keeps_static_shape),
      returns_x("remove_pad", op("Pad", {any("x")}).rest(), pads_nothing),
      returns_x("remove_slice", op("Slice", {any("x")}).rest(), takes_all),
      returns_x("remove_single_operand", op_with(&OpDef::folds_operands, {any("x")})),
      remove_where(),
  };
}

}  // namespace convoy
