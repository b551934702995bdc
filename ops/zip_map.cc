// ZipMap of ai.onnx.ml, version 1: a sequence of maps, one for each row of scores, from class
// labels to scores. Keys are in ascending order; of equal labels the last one counts.

#include <map>

#include "ops/scores/scores.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Columns of the scores by key, in the order of the keys.
template <typename Key>
std::map<Key, int64_t> columns_by_key(const std::vector<Key>& labels) {
  std::map<Key, int64_t> columns;
  for (size_t i = 0; i < labels.size(); ++i) columns[labels[i]] = static_cast<int64_t>(i);
  return columns;
}

template <typename Key>
Value zip(const std::vector<Key>& labels, const TensorView& scores) {
  const FeatureRows rows = rows_of(scores.shape);
  const auto given = static_cast<int64_t>(labels.size());
  check_input(rows.columns == given, "{} scores a row for {} class labels", rows.columns, given);
  const auto columns = columns_by_key(labels);
  const auto count = static_cast<int64_t>(columns.size());
  std::vector<Key> keys;
  for (const auto& [key, column] : columns) keys.push_back(key);
  Tensor values = Tensor::allocate(DType::kFloat32, {rows.count, count});
  float* to = values.mutable_data<float>();
  auto sequence = std::make_shared<Sequence>();
  for (int64_t row = 0; row < rows.count; ++row) {
    const float* from = scores.as<float>() + row * rows.columns;
    for (const auto& [key, column] : columns) *to++ = from[column];
    auto map = std::make_shared<Map>();
    map->keys = keys;
    map->values = values.sub_view(row * count, TensorDesc::contiguous(DType::kFloat32, {count}));
    sequence->elements.emplace_back(std::shared_ptr<const Map>(std::move(map)));
  }
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const ClassLabels labels = read_labels(attributes, "classlabels_int64s");
  attributes.finish();
  check_model(labels.count() > 0, "class labels are missing");
  check_input(request.input(0).dtype == DType::kFloat32, "scores of type {}, expected float32",
              to_string(request.input(0).dtype));
  return make_kernel([labels](KernelContext& context) {
    const TensorView& scores = context.input(0);
    context.set_output(
        0, labels.texts.empty() ? zip(labels.numbers, scores) : zip(labels.texts, scores));
  });
}

}  // namespace

void register_zip_map(Registry& registry) {
  registry.add("ZipMap", "ai.onnx.ml").kernel("reference", make_reference).dynamic = true;
}

}  // namespace convoy
