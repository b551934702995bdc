#include "tests/fuzz/graph_writer.h"

#include <memory>

namespace convoy::testing {

GraphWriter::GraphWriter(uint64_t seed, int opset)
    : dice_(seed), builder_(model_.graph, opset, "n") {
  model_.ir_version = 8;
  model_.opsets[""] = opset;
  model_.graph.opset = opset;
  model_.graph.name = "branches";
}

SizedValue GraphWriter::input(const Shape& shape, const std::vector<std::string>& symbols) {
  std::vector<Dimension> dims;
  for (int i = 0; i < shape.rank(); ++i) {
    auto at = static_cast<size_t>(i);
    bool open = at < symbols.size() && !symbols[at].empty();
    dims.push_back(open ? Dimension{-1, symbols[at]} : Dimension{shape[i], ""});
    if (open) static_ = false;
  }
  std::string name = fmt::format("x{}", feeds_.size());
  ValueId value = model_.graph.add_input(name, ValueType::tensor(DType::kFloat32, dims));
  feeds_.emplace_back(name, dice_.floats(shape));
  return {value, shape};
}

ValueId GraphWriter::node(std::string_view type, std::vector<ValueId> inputs,
                          Attributes attributes) {
  return builder_.node(type, std::move(inputs), std::move(attributes));
}

void GraphWriter::output(ValueId value) {
  const ValueInfo& info = model_.graph.value(value);
  if (info.is_output || info.is_input || info.producer == NodeId::kNone) {
    value = node("Identity", {value});
  }
  model_.graph.add_output(value);
}

Parameter GraphWriter::parameter(const Shape& shape, Sharing sharing, float low, float high) {
  switch (sharing) {
    case Sharing::kEach:
      return [=, this](int) { return constant(dice_.floats(shape, low, high)); };
    case Sharing::kInputs:
      return [=, this](int) { return input(shape).value; };
    case Sharing::kOne: {
      auto made = std::make_shared<ValueId>(ValueId::kNone);
      Tensor tensor = dice_.floats(shape, low, high);
      return [=, this](int) {
        if (*made == ValueId::kNone) *made = constant(tensor);
        return *made;
      };
    }
    case Sharing::kEqual: {
      Tensor tensor = dice_.floats(shape, low, high);
      return [=, this](int) { return constant(tensor.clone()); };
    }
  }
  return {};
}

Sharing GraphWriter::random_sharing() {
  int64_t roll = dice_.below(100);
  if (roll < 62) return Sharing::kEach;
  if (roll < 85) return Sharing::kOne;
  return roll < 97 ? Sharing::kEqual : Sharing::kInputs;
}

}  // namespace convoy::testing
