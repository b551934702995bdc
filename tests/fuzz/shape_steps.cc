// Random products, reductions and rearrangements.
#include <algorithm>
#include <numeric>

#include "tests/fuzz/branch_step.h"

namespace convoy::testing {
namespace {

using Branch = std::vector<SizedValue>;
using List = std::vector<int64_t>;

std::optional<BranchStep> gemm_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  bool swapped = dice.chance(50);
  int64_t columns = dice.between(1, 6);
  Sharing sharing = writer.random_sharing();
  Parameter weight =
      writer.parameter(swapped ? Shape{columns, shape[1]} : Shape{shape[1], columns}, sharing);
  Parameter bias = writer.parameter(dice.chance(70) ? Shape{columns} : Shape{1, columns}, sharing);
  bool biased = dice.chance(70);
  float alpha = dice.chance(30) ? 0.5F : 1.0F;
  float beta = dice.chance(30) ? 2.0F : 1.0F;
  Attributes attributes{{"transB", int64_t{swapped}}, {"alpha", alpha}, {"beta", beta}};
  return BranchStep{
      "Gemm", {shape[0], columns}, [=, &writer](const Branch& branch, int number, bool odd) {
        std::vector<ValueId> inputs = {branch.back().value, weight(number)};
        if (biased != odd || writer.opset() < 11) inputs.push_back(bias(number));
        return writer.node("Gemm", inputs, attributes);
      }};
}

BranchStep reshape_step(GraphWriter& writer, const Shape& shape, const List& sizes,
                        const Shape& output) {
  return {"Reshape", output, [=, &writer](const Branch& branch, int, bool) {
            (void)shape;
            return writer.node("Reshape", {branch.back().value, writer.ints(sizes)});
          }};
}

std::optional<BranchStep> random_reshape(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  if (shape.rank() < 2) return std::nullopt;
  if (!writer.is_static() || dice.chance(40)) {
    int64_t rest = element_count(shape) / std::max<int64_t>(shape[0], 1);
    return reshape_step(writer, shape, {0, -1}, {shape[0], rest});
  }
  auto at = static_cast<int>(dice.below(shape.rank() - 1));
  Shape merged = shape;
  merged[at] *= merged[at + 1];
  merged.erase(at + 1);
  return reshape_step(writer, shape, List(merged.begin(), merged.end()), merged);
}

std::optional<BranchStep> transpose_step(GraphWriter& writer, const Shape& shape) {
  List perm(shape.size());
  std::iota(perm.begin(), perm.end(), 0);
  writer.dice().shuffle(perm);
  Shape output = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    output[i] = shape[static_cast<int>(perm[static_cast<size_t>(i)])];
  }
  return BranchStep{"Transpose", output, [=, &writer](const Branch& branch, int, bool) {
                      return writer.build().transpose(branch.back().value, perm);
                    }};
}

std::optional<BranchStep> pad_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  auto axis = static_cast<int>(dice.below(shape.rank()));
  std::string mode = dice.pick(std::vector<std::string>{"constant", "constant", "reflect", "edge"});
  List pads(shape.size() * 2, 0);
  int64_t most = mode == "reflect" ? std::min<int64_t>(2, shape[axis] - 1) : 2;
  if (most < 1) return std::nullopt;
  pads[static_cast<size_t>(axis)] = dice.between(0, most);
  pads[static_cast<size_t>(axis) + shape.size()] = dice.between(0, most);
  Shape output = shape;
  output[axis] += pads[static_cast<size_t>(axis)] + pads[static_cast<size_t>(axis) + shape.size()];
  float filling = dice.chance(50) ? 0.0F : 0.25F;
  return BranchStep{"Pad " + mode, output, [=, &writer](const Branch& branch, int, bool odd) {
                      std::vector<ValueId> inputs = {branch.back().value, writer.ints(pads)};
                      float value = odd ? 0.5F : filling;
                      if (writer.opset() < 11) {
                        return writer.node("Pad", {inputs[0]},
                                           {{"mode", mode}, {"pads", pads}, {"value", value}});
                      }
                      if (mode == "constant")
                        inputs.push_back(writer.constant(Tensor::scalar(value)));
                      return writer.node("Pad", inputs, {{"mode", mode}});
                    }};
}

std::optional<BranchStep> slice_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  auto axis = static_cast<int>(dice.below(shape.rank()));
  if (shape[axis] < 3 || !writer.is_static()) return std::nullopt;
  int64_t start = dice.between(0, 1);
  Shape output = shape;
  output[axis] = shape[axis] - 2;
  return BranchStep{"Slice", output, [=, &writer](const Branch& branch, int, bool odd) {
                      int64_t from = odd ? 1 - start : start;
                      return writer.build().slice(branch.back().value, axis, from,
                                                  from + output[axis]);
                    }};
}

// A dimension of 1 comes or goes.
std::optional<BranchStep> squeeze_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  Shape output = shape;
  auto axis = static_cast<int>(dice.below(shape.rank()));
  if (shape[axis] == 1 && writer.is_static()) {
    output.erase(axis);
    return BranchStep{"Squeeze", output, [=, &writer](const Branch& branch, int, bool) {
                        return writer.build().squeeze(branch.back().value, {axis});
                      }};
  }
  if (shape.rank() >= 5) return std::nullopt;
  output.insert(axis, 1);
  return BranchStep{"Unsqueeze", output, [=, &writer](const Branch& branch, int, bool) {
                      return writer.build().unsqueeze(branch.back().value, {axis});
                    }};
}

}  // namespace

std::optional<BranchStep> product_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  if (shape.rank() < 2) return std::nullopt;
  if (!writer.is_static()) return std::nullopt;
  if (shape.rank() == 2 && dice.chance(60)) return gemm_step(writer, shape);
  bool left = dice.chance(25);
  int64_t size = dice.between(1, 6);
  Shape output = shape;
  int at = left ? shape.rank() - 2 : shape.rank() - 1;
  output[at] = size;
  Shape of_weight = left ? Shape{size, shape[at]} : Shape{shape[at], size};
  Parameter weight = writer.parameter(of_weight, writer.random_sharing());
  return BranchStep{"MatMul", output, [=, &writer](const Branch& branch, int number, bool odd) {
                      ValueId x = branch.back().value;
                      ValueId w = weight(number);
                      ValueId y =
                          left ? writer.node("MatMul", {w, x}) : writer.node("MatMul", {x, w});
                      return odd ? writer.node("Neg", {y}) : y;
                    }};
}

std::optional<BranchStep> reduction_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  const Shape& shape = so_far.back();
  if (shape.rank() < 2) return std::nullopt;
  std::string type =
      dice.pick(std::vector<std::string>{"ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2"});
  auto axis = static_cast<int>(dice.below(shape.rank()));
  int64_t keep = dice.below(2);
  Shape output = shape;
  output[axis] = 1;
  if (keep == 0) output.erase(axis);
  int64_t written = dice.chance(50) || writer.opset() < 11 ? axis : axis - shape.rank();
  return BranchStep{type, output, [=, &writer](const Branch& branch, int, bool odd) {
                      std::string used = odd ? "ReduceMin" : type;
                      bool as_input = writer.opset() >= (used == "ReduceSum" ? 13 : 18);
                      ValueId x = branch.back().value;
                      if (as_input) {
                        return writer.node(used, {x, writer.ints({written})}, {{"keepdims", keep}});
                      }
                      return writer.node(used, {x}, {{"axes", List{written}}, {"keepdims", keep}});
                    }};
}

std::optional<BranchStep> rearranging_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  if (shape.rank() < 1) return std::nullopt;
  switch (writer.dice().below(6)) {
    case 0: return transpose_step(writer, shape);
    case 1: return random_reshape(writer, shape);
    case 2: return pad_step(writer, shape);
    case 3: return slice_step(writer, shape);
    case 4: {
      if (shape.rank() < 2) return std::nullopt;
      Shape flat = {shape[0], element_count(shape) / std::max<int64_t>(shape[0], 1)};
      return BranchStep{"Flatten", flat, [&writer](const Branch& branch, int, bool) {
                          return writer.node("Flatten", {branch.back().value},
                                             {{"axis", int64_t{1}}});
                        }};
    }
    default: return squeeze_step(writer, shape);
  }
}

// Rows of rows: slices of the branch, a product each, and their join.
std::optional<BranchStep> inner_rows_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  Dice& dice = writer.dice();
  if (shape.rank() < 3) return std::nullopt;
  auto axis = static_cast<int>(dice.between(1, shape.rank() - 1));
  if (shape[axis] < 2 || shape[axis] > 4) return std::nullopt;
  std::string type = dice.pick(std::vector<std::string>{"Mul", "Add", "PRelu"});
  int64_t count = shape[axis];
  return BranchStep{"inner rows", shape, [=, &writer](const Branch& branch, int, bool odd) {
                      std::vector<ValueId> rows;
                      for (int64_t i = 0; i < count; ++i) {
                        ValueId row = writer.build().slice(branch.back().value, axis, i, i + 1);
                        ValueId c = writer.constant(writer.dice().floats({1}));
                        rows.push_back(writer.node("Tanh", {writer.node(type, {row, c})}));
                      }
                      if (odd) std::swap(rows[0], rows[1]);
                      return writer.node("Concat", rows, {{"axis", int64_t{axis}}});
                    }};
}

BranchStep random_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  static const std::vector<std::pair<int, StepKind>> kKinds = {
      {34, conv_step},          {4, conv_transpose_step}, {8, pool_step},
      {18, unary_step},         {14, constant_step},      {10, normalization_step},
      {3, softmax_step},        {10, product_step},       {4, reduction_step},
      {7, rearranging_step},    {3, shared_operand_step}, {6, residual_step},
      {2, inner_rows_step},     {4, recurrent_step},      {3, clip_step},
      {5, several_outputs_step}};
  int total = 0;
  for (const auto& [weight, kind] : kKinds) total += weight;
  while (true) {
    int64_t roll = writer.dice().below(total);
    for (const auto& [weight, kind] : kKinds) {
      roll -= weight;
      if (roll >= 0) continue;
      auto step = kind(writer, so_far);
      if (step && (element_count(step->output) > 0 || element_count(so_far[0]) == 0)) return *step;
      break;
    }
  }
}

}  // namespace convoy::testing
