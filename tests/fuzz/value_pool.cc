#include "tests/fuzz/value_pool.h"

#include "runtime/onnx/inference.h"

namespace convoy::testing {

std::optional<SizedValue> ValuePool::pick(const std::function<bool(const Shape&)>& fits) {
  std::vector<SizedValue> fitting;
  for (const SizedValue& value : values_) {
    if (fits(value.shape)) fitting.push_back(value);
  }
  if (fitting.empty()) return std::nullopt;
  auto count = static_cast<int64_t>(fitting.size());
  // Half of the time among the last three, so that graphs grow deep as well as wide.
  int64_t from = dice().chance(50) ? std::max<int64_t>(0, count - 3) : 0;
  return fitting[static_cast<size_t>(dice().between(from, count - 1))];
}

SizedValue ValuePool::apply(std::string_view type, const std::vector<SizedValue>& inputs,
                            Attributes attributes, size_t outputs) {
  std::vector<ValueId> ids;
  std::vector<TensorDesc> descs;
  std::vector<const Tensor*> constants;
  const Graph& graph = writer_.build().graph();
  for (const SizedValue& input : inputs) {
    ids.push_back(input.value);
    const Tensor* constant = input.value == ValueId::kNone ? nullptr : graph.constant(input.value);
    constants.push_back(constant);
    descs.push_back(
        input.value == ValueId::kNone
            ? TensorDesc{}
            : TensorDesc::contiguous(constant ? constant->dtype() : writer_.dtype(), input.shape));
  }
  std::vector<ValueId> results = writer_.nodes(type, ids, std::move(attributes), outputs);
  const Node& node = graph.node(graph.value(results[0]).producer);
  std::vector<TensorDesc> types = infer_output_types(node, descs, constants);
  text_ += fmt::format(" {}", type);
  for (size_t j = 0; j < outputs; ++j) {
    check_internal(types[j].dtype != DType::kUndefined, "{} has an unknown shape", type);
    add({results[j], types[j].shape});
  }
  return {results[0], types[0].shape};
}

SizedValue ValuePool::constant(const Shape& shape, float low, float high) {
  return {writer_.constant(dice().floats(shape, low, high)), shape};
}

SizedValue ValuePool::ints(const std::vector<int64_t>& values) {
  return {writer_.ints(values), {static_cast<int64_t>(values.size())}};
}

}  // namespace convoy::testing
