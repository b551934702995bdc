// Add and Mul of two values, and functions of one.
#include <algorithm>
#include <cmath>

#include "ops/elementwise/operators.h"
#include "ops/rewrites/on_integers/quantized_match.h"
#include "runtime/op/evaluate.h"
#include "runtime/rewrite/optimize.h"

namespace convoy::on_integers {
namespace {

Refusal may_combine(const Match& match) {
  if (Refusal refusal = may_use_integers(match)) return refusal;
  const auto a = one_of(match, "a"), b = one_of(match, "b"), y = one_of(match, "y");
  if (!a || !b || !y || a->dtype != y->dtype || b->dtype != y->dtype) {
    return "not 8-bit integers of one scale";
  }
  if (!clips_nothing(match, *y)) return "the activation cuts off more than the integers do";
  return std::nullopt;
}

std::vector<ValueId> combine(const Match& match, GraphBuilder& builder) {
  std::vector<ValueId> inputs = operand_of(match, builder, "a");
  std::ranges::copy(operand_of(match, builder, "b"), std::back_inserter(inputs));
  inputs.insert(inputs.end(), {match.value("y_scale"), zero_of(match, builder, "y")});
  const char* type = match.node("binary").is("Add") ? "QLinearAdd" : "QLinearMul";
  return {builder.node(type, std::move(inputs), {}, match.output_type(), "com.microsoft")};
}

bool is_function_of_one(const OpDef& definition) {
  auto is_it = [&](const elementwise::Operator& one) { return definition.name == one.name; };
  return definition.domain.empty() &&
         (std::ranges::any_of(elementwise::unary_operators(), is_it) ||
          std::ranges::any_of(elementwise::activation_operators(), is_it));
}

// f, or x · f.
Pattern function_of_one() {
  const Pattern x = dequantized("x");
  const Pattern f = op_with(is_function_of_one, {x}).named("f");
  return any_of({f, op("Mul", {x, f}).named("product")});
}

Refusal may_use_a_table(const Match& match) {
  if (Refusal refusal = may_use_integers(match)) return refusal;
  if (!one_of(match, "x") || !one_of(match, "y")) return "not 8-bit integers of one scale";
  return std::nullopt;
}

// What the operator itself gives for every integer that there is.
Tensor table_of(const Match& match) {
  const Quantized x = *one_of(match, "x"), y = *one_of(match, "y");
  constexpr int kEntries = 256;
  auto as_integer = [](DType dtype, int i) {
    return dtype == DType::kInt8 ? static_cast<int>(static_cast<int8_t>(i)) : i;
  };
  std::vector<float> floats;
  for (int i = 0; i < kEntries; ++i) {
    const auto steps = static_cast<float>(as_integer(x.dtype, i)) - static_cast<float>(x.zero());
    floats.push_back(steps * static_cast<float>(x.scale()));
  }
  const Node& f = match.node("f");
  const std::vector<Value> inputs = {Value(Tensor::from<float>({kEntries}, floats))};
  const EvaluateEnvironment environment{
      match.options->operators(), *match.options->threads, nullptr, {}};
  const Tensor values =
      evaluate_node(match.graph(), f, inputs, {true}, environment)[0].tensor().contiguous();
  Tensor table = Tensor::allocate(y.dtype, {kEntries});
  auto* bytes = static_cast<uint8_t*>(table.raw());
  const double low = y.dtype == DType::kInt8 ? -128 : 0, high = low + kEntries - 1;
  for (int i = 0; i < kEntries; ++i) {
    float value = values.data<float>()[i];
    if (match.has("product")) value *= floats[static_cast<size_t>(i)];
    const double rounded = std::nearbyint(value / static_cast<float>(y.scale())) + y.zero();
    bytes[i] = static_cast<uint8_t>(
        static_cast<int>(std::isnan(rounded) ? low : std::clamp(rounded, low, high)));
  }
  return table;
}

}  // namespace

Rule combine_integers() {
  const Pattern binary =
      op_of({"Add", "Mul"}, {dequantized("a"), dequantized("b")}).named("binary");
  return {"combine_integers",
          RuleSet::kLowering,
          quantized(perhaps_clipped(binary)),
          may_combine,
          combine,
          true};
}

Rule tabulate_functions() {
  return {"tabulate_functions",
          RuleSet::kLowering,
          quantized(function_of_one()),
          may_use_a_table,
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.node("ByteTable",
                                 {match.value("x"), builder.constant(table_of(match), "table")}, {},
                                 match.output_type(), kPrivateDomain)};
          },
          true};
}

}  // namespace convoy::on_integers
