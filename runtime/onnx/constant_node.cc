#include "runtime/onnx/constant_node.h"

namespace convoy {
namespace {

template <typename T>
Tensor list(const std::vector<T>& values) {
  return Tensor::from<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
}

struct ToTensor {
  std::optional<Tensor> operator()(const Tensor& value) const { return value; }
  std::optional<Tensor> operator()(int64_t value) const { return Tensor::scalar(value); }
  std::optional<Tensor> operator()(float value) const { return Tensor::scalar(value); }
  std::optional<Tensor> operator()(const std::string& value) const { return Tensor::scalar(value); }
  std::optional<Tensor> operator()(const std::vector<int64_t>& value) const { return list(value); }
  std::optional<Tensor> operator()(const std::vector<float>& value) const { return list(value); }
  std::optional<Tensor> operator()(const std::vector<std::string>& value) const {
    return list(value);
  }
  std::optional<Tensor> operator()(const AttributeReference&) const { return std::nullopt; }
  template <typename T>
  std::optional<Tensor> operator()(const T&) const {
    fail(ErrorCode::kInvalidModel, "a Constant holds something that is no tensor");
  }
};

}  // namespace

std::optional<Tensor> constant_value(const Attributes& attributes) {
  check_model(attributes.size() == 1, "a Constant has {} attributes where one gives its value",
              attributes.size());
  return std::visit(ToTensor{}, attributes.begin()->second);
}

}  // namespace convoy
