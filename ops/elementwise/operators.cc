#include "ops/elementwise/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace convoy::elementwise {
namespace {

template <Formula kFormula>
constexpr Operator plain(const char* name, bool passes_transposes = false) {
  return {name, [](AttributeReader&, int) { return single_step(kFormula); }, passes_transposes};
}

constexpr Operator kUnary[] = {
    plain<Formula::kAbs>("Abs", true),   plain<Formula::kNegate>("Neg", true),
    plain<Formula::kSign>("Sign"),       plain<Formula::kReciprocal>("Reciprocal"),
    plain<Formula::kSqrt>("Sqrt", true), plain<Formula::kExp>("Exp", true),
    plain<Formula::kLog>("Log", true),   plain<Formula::kFloor>("Floor"),
    plain<Formula::kCeil>("Ceil"),       plain<Formula::kRound>("Round"),
    plain<Formula::kErf>("Erf", true),   plain<Formula::kSin>("Sin"),
    plain<Formula::kCos>("Cos"),         plain<Formula::kTan>("Tan"),
    plain<Formula::kAsin>("Asin"),       plain<Formula::kAcos>("Acos"),
    plain<Formula::kAtan>("Atan"),       plain<Formula::kSinh>("Sinh"),
    plain<Formula::kCosh>("Cosh"),       plain<Formula::kAsinh>("Asinh"),
    plain<Formula::kAcosh>("Acosh"),     plain<Formula::kAtanh>("Atanh"),
};

constexpr Operator kActivations[] = {
    {"Relu", [](AttributeReader&, int) { return single_step(Formula::kRelu); }, true},
    {"Sigmoid", [](AttributeReader&, int) { return single_step(Formula::kSigmoid); }, true},
    {"Tanh", [](AttributeReader&, int) { return single_step(Formula::kTanh); }, true},
    {"HardSwish", [](AttributeReader&, int) { return single_step(Formula::kHardSwish); }, true},
    {"Softplus", [](AttributeReader&, int) { return single_step(Formula::kSoftplus); }, true},
    {"Softsign", [](AttributeReader&, int) { return single_step(Formula::kSoftsign); }},
    {"Mish", [](AttributeReader&, int) { return single_step(Formula::kMish); }},
    {"LeakyRelu",
     [](AttributeReader& a, int) {
       return single_step(Formula::kLeakyRelu, {a.number("alpha", 0.01f)});
     },
     true},
    {"Elu",
     [](AttributeReader& a, int) { return single_step(Formula::kElu, {a.number("alpha", 1)}); },
     true},
    {"Celu",
     [](AttributeReader& a, int) { return single_step(Formula::kCelu, {a.number("alpha", 1)}); }},
    {"Selu",
     [](AttributeReader& a, int version) {
       float alpha = a.number("alpha", version < 6 ? 1.6732f : 1.67326319217681884765625f);
       float gamma = a.number("gamma", version < 6 ? 1.0507f : 1.05070102214813232421875f);
       return single_step(Formula::kSelu, {alpha, gamma});
     }},
    {"HardSigmoid",
     [](AttributeReader& a, int) {
       return single_step(Formula::kHardSigmoid, {a.number("alpha", 0.2f), a.number("beta", 0.5f)});
     },
     true},
    {"ThresholdedRelu",
     [](AttributeReader& a, int) {
       return single_step(Formula::kThresholdedRelu, {a.number("alpha", 1)});
     }},
    {"Swish",
     [](AttributeReader& a, int) { return single_step(Formula::kSwish, {a.number("alpha", 1)}); }},
    {"Shrink",
     [](AttributeReader& a, int) {
       return single_step(Formula::kShrink, {a.number("lambd", 0.5f), a.number("bias", 0)});
     }},
    {"Gelu",
     [](AttributeReader& a, int) {
       std::string approximate = a.text("approximate", "none");
       check_model(approximate == "none" || approximate == "tanh",
                   "Gelu knows no approximation '{}'", approximate);
       return single_step(approximate == "tanh" ? Formula::kGeluTanh : Formula::kGelu);
     },
     true},
};

template <Formula kFormula>
Program fold(int inputs) {
  Program program;
  program.inputs = inputs;
  Operand result = Operand::input(0);
  for (int i = 1; i < inputs; ++i) {
    result = Operand::step(program.add(kFormula, {result, Operand::input(i)}));
  }
  if (program.steps.empty()) program.add(Formula::kCopy, {result});
  program.outputs.push_back(static_cast<int>(program.steps.size()) - 1);
  return program;
}

Program mean(int inputs) {
  Program program = fold<Formula::kAdd>(inputs);
  auto count = static_cast<float>(inputs);
  program.outputs[0] =
      program.add(Formula::kDivide, {Operand::step(program.outputs[0]), Operand::number(count)});
  return program;
}

std::optional<Program> variadic_program(const Node& node) {
  int inputs = static_cast<int>(node.inputs.size());
  if (inputs == 0 || node.version < 8) return std::nullopt;
  if (node.op_type == "Sum") return fold<Formula::kAdd>(inputs);
  if (node.op_type == "Max") return fold<Formula::kMaximum>(inputs);
  if (node.op_type == "Min") return fold<Formula::kMinimum>(inputs);
  if (node.op_type == "Mean") return mean(inputs);
  return std::nullopt;
}

// The exponent of a Pow; nullptr where its rank may decide the result's.
const Tensor* lone_exponent(const Graph& graph, const Node& node) {
  const Tensor* exponent = graph.constant(node.input(1));
  bool decides = exponent != nullptr && node.has_input(0) &&
                 exponent->rank() > std::max(0, graph.value(node.input(0)).type.rank());
  return decides ? nullptr : exponent;
}

std::optional<Program> binary_program(const Graph& graph, const Node& node) {
  if (node.version < 7) return std::nullopt;
  if (node.op_type == "Add") return single_step(Formula::kAdd);
  if (node.op_type == "Sub") return single_step(Formula::kSubtract);
  if (node.op_type == "Mul") return single_step(Formula::kMultiply);
  if (node.op_type == "Div") return single_step(Formula::kDivide);
  if (node.op_type == "PRelu") return single_step(Formula::kPRelu);
  if (node.op_type == "Pow") return power_program(lone_exponent(graph, node));
  return std::nullopt;
}

std::optional<float> bound(const Graph& graph, const Node& node, int i, float otherwise) {
  if (!node.has_input(i)) return otherwise;
  const Tensor* tensor = graph.constant(node.input(i));
  if (tensor == nullptr || tensor->count() != 1 || !is_floating(tensor->dtype())) {
    return std::nullopt;
  }
  return static_cast<float>(to_doubles(*tensor)[0]);
}

std::optional<Program> clip_program(const Graph& graph, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node.version < 11) {
    AttributeReader attributes(node);
    return single_step(Formula::kClip,
                       {attributes.number("min", -kInfinity), attributes.number("max", kInfinity)});
  }
  std::optional<float> low = bound(graph, node, 1, -kInfinity);
  std::optional<float> high = bound(graph, node, 2, kInfinity);
  if (!low || !high) return std::nullopt;
  return single_step(Formula::kClip, {*low, *high});
}

// x^(1/2) is √x except for -0 and -∞, which give +0 and +∞.
Program square_root_power() {
  Program program;
  program.inputs = 1;
  const float infinity = std::numeric_limits<float>::infinity();
  int positive = program.add(Formula::kAdd, {Operand::input(0), Operand::number(0)});
  int root = program.add(Formula::kSqrt, {Operand::step(positive)});
  int is_infinite = program.add(Formula::kEqual, {Operand::input(0), Operand::number(-infinity)});
  int result = program.add(Formula::kSelect, {Operand::step(is_infinite), Operand::number(infinity),
                                              Operand::step(root)});
  program.outputs.push_back(result);
  return program;
}

}  // namespace

Program power_program(const Tensor* exponent) {
  if (exponent == nullptr || exponent->count() != 1) return single_step(Formula::kPower);
  double value = is_floating(exponent->dtype()) ? to_doubles(*exponent)[0]
                                                : static_cast<double>(to_int64s(*exponent)[0]);
  if (value == 1) return single_step(Formula::kCopy);
  if (value == 2) return single_step(Formula::kSquare);
  if (value == -1) return single_step(Formula::kReciprocal);
  if (value == 0.5) return square_root_power();
  if (value != 3) return single_step(Formula::kPower);
  Program program;
  program.inputs = 1;
  int square = program.add(Formula::kSquare, {Operand::input(0)});
  program.outputs.push_back(
      program.add(Formula::kMultiply, {Operand::step(square), Operand::input(0)}));
  return program;
}

std::span<const Operator> unary_operators() { return kUnary; }
std::span<const Operator> activation_operators() { return kActivations; }

std::optional<Program> program_of(const Graph& graph, const Node& node) {
  if (!node.domain.empty()) return std::nullopt;
  for (std::span<const Operator> table : {unary_operators(), activation_operators()}) {
    for (const Operator& entry : table) {
      if (node.op_type != entry.name) continue;
      AttributeReader attributes(node);
      return entry.read(attributes, node.version);
    }
  }
  if (node.op_type == "Clip") return clip_program(graph, node);
  if (auto program = binary_program(graph, node)) return program;
  return variadic_program(node);
}

}  // namespace convoy::elementwise
