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
  if (dtype_ != DType::kFloat32) {
    value = builder_.node("Cast", {value}, {{"to", static_cast<int64_t>(dtype_)}},
                          ValueType::tensor(dtype_, dims));
  }
  return body_ ? captured({value, shape}) : SizedValue{value, shape};
}

ValueId GraphWriter::flag(bool value) {
  std::string name = fmt::format("x{}", feeds_.size());
  feeds_.emplace_back(name, Tensor::scalar(value));
  return model_.graph.add_input(name, ValueType::tensor(DType::kBool, Shape{}));
}

void GraphWriter::begin_body() {
  body_ = std::make_shared<Graph>();
  body_->name = "body";
  body_->opset = opset();
  body_builder_.emplace(*body_, opset(), fmt::format("b{}", model_.graph.node_limit()));
}

SizedValue GraphWriter::captured(const SizedValue& outer) {
  std::string name = fmt::format("inner_{}", static_cast<int32_t>(outer.value));
  const ValueType& type = model_.graph.value(outer.value).type;
  return {body_->capture(outer.value, name, type), outer.shape};
}

std::shared_ptr<Graph> GraphWriter::end_body() {
  body_builder_.reset();
  return std::exchange(body_, nullptr);
}

ValueId GraphWriter::constant(Tensor tensor) {
  if (tensor.dtype() == DType::kFloat32 && dtype_ == DType::kFloat16) {
    Tensor half = Tensor::allocate(DType::kFloat16, tensor.shape());
    for (int64_t i = 0; i < tensor.count(); ++i) {
      half.mutable_data<Float16>()[i] = Float16(tensor.data<float>()[i]);
    }
    tensor = half;
  }
  return build().constant(std::move(tensor), "c");
}

ValueId GraphWriter::node(std::string_view type, std::vector<ValueId> inputs,
                          Attributes attributes) {
  return build().node(type, std::move(inputs), std::move(attributes));
}

void GraphWriter::output(ValueId value) {
  Graph& graph = build().graph();
  const ValueInfo& info = graph.value(value);
  if (info.is_output || info.is_input || info.producer == NodeId::kNone) {
    value = node("Identity", {value});
  }
  graph.add_output(value);
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
