// LabelEncoder, versions 1 to 5, and CategoryMapper, version 1, of ai.onnx.ml: keys to values by a
// table, a default for other keys.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// One side of the table, or the default, in whichever attribute holds it.
Tensor read_list(AttributeReader& attributes, const std::string& prefix) {
  Tensor given = attributes.tensor(prefix + "_tensor");
  if (given.defined()) return given.contiguous();
  const auto texts = attributes.texts(prefix + "_strings");
  const auto integers = attributes.integers(prefix + "_int64s");
  const auto numbers = attributes.numbers(prefix + "_floats");
  auto pack = [](const auto& list) {
    using T = typename std::decay_t<decltype(list)>::value_type;
    return Tensor::from<T>({static_cast<int64_t>(list.size())}, list);
  };
  if (!texts.empty()) return pack(texts);
  if (!integers.empty()) return pack(integers);
  if (!numbers.empty()) return pack(numbers);
  return Tensor();
}

Tensor read_default(AttributeReader& attributes, DType dtype) {
  Tensor given = attributes.tensor("default_tensor");
  const std::string text = attributes.text("default_string", "_Unused");
  const int64_t integer = attributes.integer("default_int64", -1);
  const float number = attributes.number("default_float", -0.0f);
  if (given.defined()) {
    check_model(given.dtype() == dtype && given.count() == 1, "default_tensor must hold one {}",
                to_string(dtype));
    return given;
  }
  if (dtype == DType::kString) return Tensor::scalar(text);
  if (dtype == DType::kInt64) return Tensor::scalar(integer);
  if (dtype == DType::kFloat32) return Tensor::scalar(number);
  if (dtype == DType::kInt32) return Tensor::scalar(static_cast<int32_t>(integer));
  if (dtype == DType::kInt16) return Tensor::scalar(static_cast<int16_t>(integer));
  if (dtype == DType::kFloat64) return Tensor::scalar(static_cast<double>(number));
  fail(ErrorCode::kUnsupported, "values of type {} are not supported", to_string(dtype));
}

// Version 1: classes_strings in order are the integers 0, 1, …, in either direction.
struct Table {
  Tensor keys;
  Tensor values;
  Tensor otherwise;
};

Table read_table(const Node& node, DType input) {
  AttributeReader attributes(node);
  Table table;
  if (node.version == 1) {
    const auto classes = attributes.texts("classes_strings");
    std::vector<int64_t> numbers(classes.size());
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
    const auto count = static_cast<int64_t>(classes.size());
    table.keys = Tensor::from<std::string>({count}, classes);
    table.values = Tensor::from_int64s(numbers);
    if (input == DType::kInt64) std::swap(table.keys, table.values);
  } else {
    table.keys = read_list(attributes, "keys");
    table.values = read_list(attributes, "values");
  }
  check_model(table.keys.defined() && table.values.defined(), "keys or values are missing");
  check_model(table.keys.count() == table.values.count(), "{} keys but {} values",
              table.keys.count(), table.values.count());
  table.otherwise = read_default(attributes, table.values.dtype());
  attributes.finish();
  check_input(table.keys.dtype() == input, "keys are {} but the input is {}",
              to_string(table.keys.dtype()), to_string(input));
  return table;
}

// Strings and their numbers, in either direction; of equal keys the last one counts.
Table read_categories(const Node& node, DType input) {
  AttributeReader attributes(node);
  auto texts = attributes.texts("cats_strings");
  auto numbers = attributes.integers("cats_int64s");
  const std::string text = attributes.text("default_string", "_Unused");
  const int64_t number = attributes.integer("default_int64", -1);
  attributes.finish();
  check_model(texts.size() == numbers.size(), "{} strings but {} integers", texts.size(),
              numbers.size());
  check_input(input == DType::kString || input == DType::kInt64,
              "an input of type {}, expected strings or int64", to_string(input));
  std::ranges::reverse(texts);
  std::ranges::reverse(numbers);
  Table table;
  table.keys = Tensor::from<std::string>({static_cast<int64_t>(texts.size())}, texts);
  table.values = Tensor::from_int64s(numbers);
  table.otherwise = Tensor::scalar(number);
  if (input == DType::kInt64) {
    std::swap(table.keys, table.values);
    table.otherwise = Tensor::scalar(text);
  }
  return table;
}

Table table_of(const Node& node, DType input) {
  return node.op_type == "CategoryMapper" ? read_categories(node, input) : read_table(node, input);
}

// Row numbers by key; NaN has an entry of its own, since it equals nothing.
template <typename Key>
class Index {
 public:
  explicit Index(std::span<const Key> keys) {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (is_nan(keys[i])) {
        if (nan_ < 0) nan_ = static_cast<int64_t>(i);
      } else {
        rows_.emplace(keys[i], static_cast<int64_t>(i));
      }
    }
  }
  int64_t find(const Key& key) const {
    if (is_nan(key)) return nan_;
    auto found = rows_.find(key);
    return found == rows_.end() ? -1 : found->second;
  }

 private:
  static bool is_nan(const Key& key) {
    if constexpr (std::is_floating_point_v<Key>) return std::isnan(key);
    return false;
  }
  std::unordered_map<Key, int64_t> rows_;
  int64_t nan_ = -1;
};

template <typename Visitor>
auto visit_label(DType dtype, Visitor&& visitor) {
  return visit_dtype_among<std::string, int64_t, float, double, int32_t, int16_t>(dtype, visitor);
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const Table table = table_of(request.node(), request.input(0).dtype);
  std::unique_ptr<Kernel> kernel;
  visit_label(table.keys.dtype(), [&](auto key_tag) {
    using Key = typename decltype(key_tag)::type;
    auto index = std::make_shared<const Index<Key>>(table.keys.values<Key>());
    kernel = make_kernel([index, table](KernelContext& context) {
      visit_label(table.values.dtype(), [&](auto value_tag) {
        using T = typename decltype(value_tag)::type;
        const Key* x = context.input(0).as<Key>();
        T* y = context.output(0).as<T>();
        const int64_t count = context.input(0).count();
        for (int64_t i = 0; i < count; ++i) {
          const int64_t row = index->find(x[i]);
          y[i] = row < 0 ? *table.otherwise.data<T>() : table.values.data<T>()[row];
        }
      });
    });
  });
  return kernel;
}

void infer(InferRequest& request) {
  const Table table = table_of(request.node, request.inputs[0].dtype);
  request.set_output(0, table.values.dtype(), request.inputs[0].shape);
}

}  // namespace

void register_label_encoder(Registry& registry) {
  for (const char* name : {"LabelEncoder", "CategoryMapper"}) {
    registry.add(name, "ai.onnx.ml").kernel("reference", make_reference).infer = infer;
  }
}

}  // namespace convoy
