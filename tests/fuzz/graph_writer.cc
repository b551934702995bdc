#include "tests/fuzz/graph_writer.h"

#include <memory>

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

// Defaults that depend on the number of spatial axes.
void add_window_defaults(std::string_view type, const Attributes& given, Attributes& defaults) {
  auto kernel = given.find("kernel_shape");
  if (kernel == given.end()) return;
  size_t axes = std::get<List>(kernel->second).size();
  defaults["strides"] = List(axes, 1);
  if (!given.contains("auto_pad")) {
    defaults["pads"] = List(2 * axes, 0);
    defaults["auto_pad"] = std::string("NOTSET");
  }
  if (type == "Conv" || type == "ConvTranspose") {
    defaults["dilations"] = List(axes, 1);
    defaults["group"] = int64_t{1};
  }
}

// What attributes mean that are left out.
Attributes default_attributes(std::string_view type, const Attributes& given, int opset) {
  Attributes made;
  add_window_defaults(type, given, made);
  if (type.ends_with("Softmax") && opset >= 13) made["axis"] = int64_t{-1};
  if (type.starts_with("Reduce")) made["keepdims"] = int64_t{1};
  if (type.starts_with("Reduce") && opset >= 18) made["noop_with_empty_axes"] = int64_t{0};
  if (type == "Gather" || type == "Split") made["axis"] = int64_t{0};
  if (type == "Flatten") made["axis"] = int64_t{1};
  if (type == "LayerNormalization" || type == "TopK") made["axis"] = int64_t{-1};
  if (type == "TopK") made["largest"] = made["sorted"] = int64_t{1};
  if (type == "Pad") made["mode"] = std::string("constant");
  if (type == "Cast" && opset >= 19) made["saturate"] = int64_t{1};
  if (type == "Gemm") {
    made["transA"] = made["transB"] = int64_t{0};
    made["alpha"] = made["beta"] = 1.0F;
  }
  if (type == "LeakyRelu") made["alpha"] = 0.01F;
  if (type == "HardSigmoid") {
    made["alpha"] = 0.2F;
    made["beta"] = 0.5F;
  }
  if (type == "LSTM" || type == "GRU" || type == "RNN") {
    made["direction"] = std::string("forward");
    if (opset >= 14) made["layout"] = int64_t{0};
  }
  if ((type == "MaxPool" || type == "AveragePool") && opset >= 10) made["ceil_mode"] = int64_t{0};
  if (type == "AveragePool") made["count_include_pad"] = int64_t{0};
  return made;
}

}  // namespace

GraphWriter::GraphWriter(uint64_t seed, int opset)
    : dice_(seed), builder_(model_.graph, opset, "n") {
  model_.ir_version = 8;
  model_.opsets[""] = opset;
  model_.graph.opset = opset;
  model_.graph.name = "branches";
}

SizedValue GraphWriter::input(const Shape& shape, const std::vector<std::string>& symbols,
                              float low, float high) {
  std::vector<Dimension> dims;
  for (int i = 0; i < shape.rank(); ++i) {
    auto at = static_cast<size_t>(i);
    bool open = at < symbols.size() && !symbols[at].empty();
    dims.push_back(open ? Dimension{-1, symbols[at]} : Dimension{shape[i], ""});
    if (open) static_ = false;
  }
  std::string name = fmt::format("x{}", feeds_.size());
  ValueId value = model_.graph.add_input(name, ValueType::tensor(DType::kFloat32, dims));
  feeds_.emplace_back(name, dice_.floats(shape, low, high));
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

ValueId GraphWriter::computed_constant(const Tensor& tensor) {
  if (!computes_ || dice_.chance(50)) return constant(tensor);
  Shape shape = tensor.shape();
  std::vector<int64_t> sizes(shape.begin(), shape.end());
  switch (dice_.below(5)) {
    case 0: return node("Reshape", {constant(tensor.reshaped({tensor.count()})), ints(sizes)});
    case 1: return node("Neg", {node("Neg", {constant(tensor)})});
    case 2: return node("Identity", {constant(tensor)});
    case 3: return build().squeeze(build().unsqueeze(constant(tensor), {0}), {0});
    default: return node("Mul", {constant(tensor), constant(Tensor::scalar(1.0F))});
  }
}

std::vector<ValueId> GraphWriter::nodes(std::string_view type, std::vector<ValueId> inputs,
                                        Attributes attributes, size_t outputs) {
  if (varies_) write_defaults(type, attributes);
  return build().nodes(type, std::move(inputs), std::move(attributes),
                       std::vector<ValueType>(outputs));
}

void GraphWriter::write_defaults(std::string_view type, Attributes& attributes) {
  for (auto& [name, value] : default_attributes(type, attributes, opset())) {
    auto known = attributes.find(name);
    if (known == attributes.end()) {
      if (dice_.chance(40)) attributes[name] = value;
    } else if (to_string(known->second) == to_string(value) && dice_.chance(40)) {
      attributes.erase(known);
    }
  }
}

ValueId GraphWriter::node(std::string_view type, std::vector<ValueId> inputs,
                          Attributes attributes) {
  if (varies_) write_defaults(type, attributes);
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
      return [=, this](int) { return computed_constant(dice_.floats(shape, low, high)); };
    case Sharing::kInputs: return [=, this](int) { return input(shape, {}, low, high).value; };
    case Sharing::kOne: {
      auto made = std::make_shared<ValueId>(ValueId::kNone);
      Tensor tensor = dice_.floats(shape, low, high);
      return [=, this](int) {
        if (*made == ValueId::kNone) *made = computed_constant(tensor);
        return *made;
      };
    }
    case Sharing::kEqual: {
      Tensor tensor = dice_.floats(shape, low, high);
      return [=, this](int) { return computed_constant(tensor.clone()); };
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
