// Random operators of which several outputs are read.
#include <algorithm>

#include "tests/fuzz/branch_step.h"

namespace convoy::testing {
namespace {

using Branch = std::vector<SizedValue>;
using List = std::vector<int64_t>;

std::optional<BranchStep> top_k_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  auto axis = static_cast<int>(dice.below(shape.rank()));
  if (shape[axis] < 2 || writer.opset() < 11 || !writer.is_static()) return std::nullopt;
  if (writer.dtype() == DType::kFloat16) return std::nullopt;  // rounding changes the order
  int64_t k = dice.between(1, shape[axis]);
  Shape output = shape;
  output[axis] = k;
  int64_t read = dice.below(3);  // values, indices, both
  int64_t written = dice.chance(50) ? axis : axis - shape.rank();
  auto others = std::make_shared<std::vector<ValueId>>();
  return BranchStep{
      "TopK", output,
      [=, &writer](const Branch& branch, int, bool odd) {
        Attributes attributes{{"axis", written}, {"largest", int64_t{odd ? 0 : 1}}};
        auto made = writer.nodes("TopK", {branch.back().value, writer.ints({k})}, attributes, 2);
        if (read == 0) return made[0];
        // What the indices point to: which of two values is the first may depend on their rounding.
        ValueId chosen =
            writer.node("GatherElements", {branch.back().value, made[1]}, {{"axis", written}});
        if (read == 2) others->push_back(chosen);
        return read == 1 ? chosen : made[0];
      },
      others};
}

std::optional<BranchStep> split_step(GraphWriter& writer, const Shape& shape) {
  Dice& dice = writer.dice();
  auto axis = static_cast<int>(dice.below(shape.rank()));
  if (shape[axis] < 2 || shape[axis] % 2 != 0 || !writer.is_static()) return std::nullopt;
  Shape output = shape;
  output[axis] /= 2;
  std::string type = dice.pick(std::vector<std::string>{"Mul", "Add", "Sub", "Sum", "none"});
  auto others = std::make_shared<std::vector<ValueId>>();
  bool sized = dice.chance(50);
  return BranchStep{"Split " + type, output,
                    [=, &writer](const Branch& branch, int, bool odd) {
                      std::vector<ValueId> inputs = {branch.back().value};
                      Attributes attributes{{"axis", int64_t{axis}}};
                      List sizes(2, output[axis]);
                      if (sized && writer.opset() >= 13) inputs.push_back(writer.ints(sizes));
                      if (sized && writer.opset() < 13) attributes["split"] = sizes;
                      if (!sized && writer.opset() >= 18) attributes["num_outputs"] = int64_t{2};
                      auto made = writer.nodes("Split", inputs, attributes, 2);
                      if (odd) std::swap(made[0], made[1]);
                      if (type != "none")
                        return writer.node(type, {made[0], writer.node("Sigmoid", {made[1]})});
                      others->push_back(made[0]);
                      return made[1];
                    },
                    others};
}

std::optional<BranchStep> pool_with_indices_step(GraphWriter& writer, const Shape& shape) {
  if (shape.rank() < 3 || shape.rank() > 4 || writer.opset() < 8) return std::nullopt;
  if (writer.dtype() != DType::kFloat32) return std::nullopt;
  List kernel;
  Shape output = shape;
  for (int i = 2; i < shape.rank(); ++i) {
    if (shape[i] < 1) return std::nullopt;
    kernel.push_back(std::min<int64_t>(2, shape[i]));
    output[i] = shape[i] - kernel.back() + 1;
  }
  auto others = std::make_shared<std::vector<ValueId>>();
  bool read = writer.dice().chance(50) && element_count(shape) > 0;
  return BranchStep{
      "MaxPool with indices", output,
      [=, &writer](const Branch& branch, int, bool odd) {
        auto made = writer.nodes("MaxPool", {branch.back().value}, {{"kernel_shape", kernel}}, 2);
        if (read) {  // what the indices point to, as for TopK
          ValueId flat = writer.node("Reshape", {branch.back().value, writer.ints({-1})});
          others->push_back(writer.node("Gather", {flat, made[1]}, {{"axis", int64_t{0}}}));
        }
        return odd ? writer.node("Neg", {made[0]}) : made[0];
      },
      others};
}

}  // namespace

std::optional<BranchStep> several_outputs_step(GraphWriter& writer,
                                               const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  if (shape.rank() < 1) return std::nullopt;
  switch (writer.dice().below(5)) {
    case 0:
    case 1: return top_k_step(writer, shape);
    case 2:
    case 3: return split_step(writer, shape);
    default: return pool_with_indices_step(writer, shape);
  }
}

}  // namespace convoy::testing
