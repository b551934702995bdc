// What only chooses, moves and joins elements.
#include <algorithm>

#include "ops/rewrites/on_integers/quantized_match.h"
#include "runtime/op/op.h"

namespace convoy::on_integers {
namespace {

Refusal may_move(const Match& match) {
  if (Refusal refusal = may_use_integers(match)) return refusal;
  const auto x = one_of(match, "x"), y = one_of(match, "y");
  if (!x || !y || *x != *y) return "the result has another scale";
  const Node& node = match.node("move");
  if (node.outputs.size() > 1) return "there are several results";
  // Of the opsets that take integers.
  if (node.is("MaxPool") && node.version < 12) return "only floats in this opset";
  return std::nullopt;
}

std::vector<ValueId> move(const Match& match, GraphBuilder& builder) {
  const Node& node = match.node("move");
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = match.value("x");
  return {builder.node_like(node, std::move(inputs), match.output_type())};
}

constexpr size_t kMostParts = 8;

std::string part_name(size_t i) { return "part" + std::to_string(i); }

size_t part_count(const Match& match) { return match.node("concat").inputs.size(); }

Refusal may_concatenate(const Match& match) {
  if (Refusal refusal = may_use_integers(match)) return refusal;
  const auto y = one_of(match, "y");
  if (!y) return "not 8-bit integers of one scale";
  for (size_t i = 0; i < part_count(match); ++i) {
    const auto part = one_of(match, part_name(i));
    if (!part || part->dtype != y->dtype) return "not 8-bit integers of one scale";
  }
  return std::nullopt;
}

std::vector<ValueId> concatenate(const Match& match, GraphBuilder& builder) {
  const Node& concat = match.node("concat");
  std::vector<ValueId> plain;
  std::vector<ValueId> inputs = {match.value("y_scale"), zero_of(match, builder, "y")};
  bool all_same = true;
  for (size_t i = 0; i < part_count(match); ++i) {
    const std::string name = part_name(i);
    plain.push_back(match.value(name));
    std::ranges::copy(operand_of(match, builder, name), std::back_inserter(inputs));
    all_same = all_same && *one_of(match, name) == *one_of(match, "y");
  }
  if (all_same) return {builder.node_like(concat, std::move(plain), match.output_type())};
  return {builder.node("QLinearConcat", std::move(inputs), concat.attributes, match.output_type(),
                       "com.microsoft")};
}

}  // namespace

Rule move_integers() {
  const Pattern x = dequantized("x");
  const Pattern moved = any_of({op_with(&OpDef::reshapes, {x}).rest().named("move"),
                                op_of({"Transpose", "Slice"}, {x}).rest().named("move"),
                                op_of({"MaxPool", "Gather"}, {x}).rest().named("move")});
  return {"move_integers", RuleSet::kLowering, quantized(moved), may_move, move, true};
}

Rule concatenate_integers() {
  std::vector<Pattern> of_counts;
  std::vector<Pattern> parts = {dequantized(part_name(0))};
  while (parts.size() < kMostParts) {
    parts.push_back(dequantized(part_name(parts.size())));
    of_counts.push_back(op("Concat", parts).named("concat"));
  }
  return {"concatenate_integers", RuleSet::kLowering, quantized(any_of(of_counts)),
          may_concatenate,        concatenate,        true};
}

}  // namespace convoy::on_integers
