// Random activations, arithmetic with constants, normalizations.
#include <algorithm>

#include "tests/fuzz/branch_step.h"

namespace convoy::testing {
namespace {

using Branch = std::vector<SizedValue>;

// A shape that broadcasts to `shape`: dimensions become 1, leading ones of 1 may go.
Shape broadcasting(Dice& dice, const Shape& shape, bool keep_sizes) {
  Shape made = shape;
  for (int64_t& size : made) {
    if (!keep_sizes || dice.chance(55)) size = 1;
  }
  while (made.rank() > 0 && made[0] == 1 && dice.chance(60)) made.erase(0);
  return made;
}

}  // namespace

std::optional<BranchStep> unary_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  static const std::vector<std::string> kTypes = {
      "Relu",        "Relu",     "Relu", "Sigmoid",  "Tanh",     "LeakyRelu", "Elu",
      "HardSigmoid", "Abs",      "Neg",  "Softplus", "Softsign", "Selu",      "Erf",
      "Clip",        "Identity", "Cast", "Dropout",  "Sin"};
  std::string type = writer.dice().pick(kTypes);
  float alpha = 0.1F * static_cast<float>(writer.dice().between(1, 9));
  return BranchStep{
      type, so_far.back(), [=, &writer](const Branch& branch, int, bool odd) {
        ValueId x = branch.back().value;
        if (odd && type != "LeakyRelu" && type != "Elu") return writer.node("Cos", {x});
        float used = odd ? alpha + 0.05F : alpha;
        if (type == "LeakyRelu" || type == "Elu") return writer.node(type, {x}, {{"alpha", used}});
        if (type == "Clip" && writer.opset() < 11) {
          return writer.node(type, {x}, {{"min", -alpha}, {"max", 0.7F}});
        }
        if (type == "Clip") {
          return writer.node(type, {x, writer.constant(Tensor::scalar(-alpha)),
                                    writer.constant(Tensor::scalar(0.7F))});
        }
        if (type == "Cast") {
          ValueId wide = writer.node(type, {x}, {{"to", static_cast<int64_t>(DType::kFloat64)}});
          return writer.node(type, {wide}, {{"to", static_cast<int64_t>(writer.dtype())}});
        }
        return writer.node(type, {x});
      }};
}

std::optional<BranchStep> constant_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  static const std::vector<std::string> kTypes = {"Add", "Mul", "Sub", "Div",   "PRelu", "Max",
                                                  "Min", "Add", "Mul", "Where", "Pow"};
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  std::string type = dice.pick(kTypes);
  // What rounds otherwise may come out on the other side of the bound.
  if (type == "Where" && writer.dtype() == DType::kFloat16) type = "Add";
  Shape of_constant = type == "Pow" ? Shape{} : broadcasting(dice, shape, writer.is_static());
  if (type == "PRelu" && shape.rank() == 0) return std::nullopt;
  if (type == "PRelu" && of_constant.rank() == 0) of_constant = {1};
  bool first = dice.chance(30) && type != "PRelu" && type != "Div" && type != "Pow";
  bool divides = type == "Div";
  Parameter c = writer.parameter(of_constant, writer.random_sharing(), divides ? 0.5F : -1.0F,
                                 divides ? 1.5F : 1.0F);
  Tensor two = Tensor::scalar(2.0F);
  return BranchStep{
      type, shape, [=, &writer](const Branch& branch, int number, bool odd) {
        ValueId x = branch.back().value;
        if (type == "Pow") return writer.node(odd ? "Mul" : "Pow", {x, writer.constant(two)});
        ValueId operand = c(number);
        if (type == "Where") {
          ValueId condition =
              writer.node("Greater", {x, writer.constant(Tensor::scalar(odd ? 0.2F : 0.1F))});
          return first ? writer.node("Where", {condition, operand, x})
                       : writer.node("Where", {condition, x, operand});
        }
        std::string used = odd ? (type == "Add" ? "Mul" : "Add") : type;
        return first ? writer.node(used, {operand, x}) : writer.node(used, {x, operand});
      }};
}

std::optional<BranchStep> normalization_step(GraphWriter& writer,
                                             const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  if (shape.rank() < 2) return std::nullopt;
  std::vector<std::string> types = {"BatchNormalization", "BatchNormalization"};
  if (shape.rank() >= 3) types.push_back("InstanceNormalization");
  if (writer.opset() >= 17) types.push_back("LayerNormalization");
  if (writer.opset() >= 21 && shape.rank() >= 3) types.push_back("GroupNormalization");
  std::string type = dice.pick(types);
  int64_t axis = shape.rank() - dice.between(1, std::min(2, shape.rank() - 1));
  if (type == "LayerNormalization" && !writer.is_static()) return std::nullopt;
  Shape of_scale = {shape[1]};
  if (type == "LayerNormalization") {
    of_scale = {};
    for (int i = static_cast<int>(axis); i < shape.rank(); ++i) of_scale.push_back(shape[i]);
  }
  Sharing sharing = writer.random_sharing();
  Parameter scale = writer.parameter(of_scale, sharing, 0.5F, 1.5F);
  Parameter bias = writer.parameter(of_scale, sharing);
  Parameter mean = writer.parameter(of_scale, sharing);
  Parameter variance = writer.parameter(of_scale, sharing, 0.5F, 1.5F);
  int64_t groups = shape[1] % 2 == 0 ? 2 : 1;
  bool negative = dice.chance(50);
  return BranchStep{type, shape, [=, &writer](const Branch& branch, int number, bool odd) {
                      std::vector<ValueId> inputs = {branch.back().value, scale(number),
                                                     bias(number)};
                      Attributes attributes{{"epsilon", odd ? 0.2F : 0.1F}};
                      if (type == "BatchNormalization") {
                        inputs.push_back(mean(number));
                        inputs.push_back(variance(number));
                      }
                      if (type == "GroupNormalization") attributes["num_groups"] = groups;
                      if (type == "LayerNormalization")
                        attributes["axis"] = negative ? axis - shape.rank() : axis;
                      return writer.node(type, inputs, attributes);
                    }};
}

std::optional<BranchStep> softmax_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  if (shape.rank() < 2) return std::nullopt;
  int64_t axis = dice.between(writer.opset() < 13 ? 1 : 0, shape.rank() - 1);
  bool logarithm = dice.chance(30);
  return BranchStep{"Softmax", shape, [=, &writer](const Branch& branch, int, bool odd) {
                      const char* type = logarithm != odd ? "LogSoftmax" : "Softmax";
                      return writer.node(type, {branch.back().value}, {{"axis", axis}});
                    }};
}

// A value that is no constant, the same for all branches.
std::optional<BranchStep> shared_operand_step(GraphWriter& writer,
                                              const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  std::string type = dice.pick(std::vector<std::string>{"Add", "Mul", "Sub", "Max"});
  ValueId shared = writer.input(broadcasting(dice, shape, writer.is_static())).value;
  bool first = dice.chance(30);
  return BranchStep{"shared " + type, shape, [=, &writer](const Branch& branch, int, bool odd) {
                      ValueId x = branch.back().value;
                      const char* used = odd ? "Min" : type.c_str();
                      return first ? writer.node(used, {shared, x})
                                   : writer.node(used, {x, shared});
                    }};
}

// Another value of the branch comes in again.
std::optional<BranchStep> residual_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  auto at = static_cast<size_t>(dice.below(static_cast<int64_t>(so_far.size())));
  const Shape& other = so_far[at];
  if (other.rank() != shape.rank() || shape.rank() == 0) return std::nullopt;
  if (other == shape) {
    bool product = dice.chance(40);
    return BranchStep{"residual", shape, [=, &writer](const Branch& branch, int, bool odd) {
                        return writer.node(product != odd ? "Mul" : "Add",
                                           {branch.back().value, branch[at].value});
                      }};
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    Shape joined = shape;
    joined[axis] = other[axis];
    if (!(joined == other)) continue;
    joined[axis] = shape[axis] + other[axis];
    if (element_count(joined) > 4000) return std::nullopt;
    return BranchStep{"inner Concat", joined, [=, &writer](const Branch& branch, int, bool odd) {
                        std::vector<ValueId> parts = {branch.back().value, branch[at].value};
                        if (odd) std::swap(parts[0], parts[1]);
                        return writer.node("Concat", parts, {{"axis", int64_t{axis}}});
                      }};
  }
  return std::nullopt;
}

}  // namespace convoy::testing
