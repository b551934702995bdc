// FusedElementwise, a private operator: elementwise formulas in one pass over memory. Floating
// types; any strides; channel-blocked layouts pass through. See fused_elementwise.h.
#include "ops/fused_elementwise.h"

#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include "ops/elementwise/program_kernel.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;
using elementwise::Operand;
using elementwise::Program;
using elementwise::Step;

std::string encode_operand(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kInput: return fmt::format(" i{}", operand.index);
    case Operand::Kind::kStep: return fmt::format(" s{}", operand.index);
    default: return fmt::format(" ={}", operand.constant);
  }
}

std::string encode_step(const Step& step) {
  std::string text(to_string(step.formula));
  for (int k = 0; k < arity_of(step.formula); ++k) text += encode_operand(step.operands[k]);
  int used = elementwise::kMaxParameters;
  while (used > 0 && step.parameters[used - 1] == 0) --used;
  for (int k = 0; k < used; ++k) text += fmt::format(" p{}", step.parameters[k]);
  return text;
}

template <typename T>
T parse(std::string_view digits, const std::string& step) {
  T value{};
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value);
  check_model(stop == end && error == std::errc() && !digits.empty(),
              "'{}' in elementwise step '{}' is no number", digits, step);
  return value;
}

Step decode_step(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  words >> word;
  std::optional<Formula> formula = elementwise::formula_named(word);
  check_model(formula.has_value(), "elementwise step '{}' names no formula", text);
  Step step;
  step.formula = *formula;
  int operands = 0;
  int parameters = 0;
  while (words >> word) {
    std::string_view rest = std::string_view(word).substr(1);
    if (word[0] == 'p') {
      check_model(parameters < elementwise::kMaxParameters, "too many parameters in '{}'", text);
      step.parameters[parameters++] = parse<float>(rest, text);
      continue;
    }
    check_model(operands < arity_of(*formula), "too many operands in '{}'", text);
    Operand& operand = step.operands[operands++];
    switch (word[0]) {
      case 'i': operand = Operand::input(parse<int>(rest, text)); break;
      case 's': operand = Operand::step(parse<int>(rest, text)); break;
      case '=': operand = Operand::number(parse<float>(rest, text)); break;
      default: fail(ErrorCode::kInvalidModel, "'{}' in '{}' is no operand", word, text);
    }
  }
  check_model(operands == arity_of(*formula), "too few operands in '{}'", text);
  return step;
}

void infer_fused(InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  Shape shape;
  for (const TensorDesc& input : request.inputs) shape = broadcast_shapes(shape, input.shape);
  AttributeReader attributes(request.node);
  std::vector<int64_t> dtypes = attributes.integers("output_dtypes");
  for (size_t j = 0; j < request.outputs.size(); ++j) {
    DType dtype = j < dtypes.size() ? static_cast<DType>(dtypes[j]) : request.inputs[0].dtype;
    check_model(is_known(dtype), "output {} has no element type", j);
    request.set_output(j, dtype, shape);
  }
}

}  // namespace

Attributes fused_attributes(const Program& program) {
  program.check();
  std::vector<std::string> steps;
  for (const Step& step : program.steps) steps.push_back(encode_step(step));
  return {{"steps", std::move(steps)},
          {"outputs", std::vector<int64_t>(program.outputs.begin(), program.outputs.end())}};
}

Program read_fused_program(const Node& node) {
  AttributeReader attributes(node);
  Program program;
  program.inputs = static_cast<int>(node.inputs.size());
  for (const std::string& text : attributes.texts("steps")) {
    program.steps.push_back(decode_step(text));
  }
  for (int64_t step : attributes.integers("outputs")) {
    program.outputs.push_back(static_cast<int>(step));
  }
  attributes.ignore("output_dtypes");
  attributes.finish();
  check_model(program.outputs.size() == node.outputs.size(), "{} outputs of {} steps",
              node.outputs.size(), program.outputs.size());
  program.check();
  return program;
}

void register_fused_elementwise(Registry& registry) {
  OpDef& definition = registry.add("FusedElementwise", kPrivateDomain);
  definition.infer = infer_fused;
  elementwise::add_program_kernels(
      definition, [](KernelRequest& request) { return read_fused_program(request.node()); });
}

}  // namespace convoy
