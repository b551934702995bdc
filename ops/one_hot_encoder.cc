// OneHotEncoder of ai.onnx.ml, version 1: a last axis of one column a category. Numbers are cast to
// int64 before they are looked up; of equal categories the last one counts.

#include <cmath>
#include <unordered_map>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Categories {
  std::unordered_map<std::string, int64_t> texts;
  std::unordered_map<int64_t, int64_t> numbers;
  int64_t count = 0;
  bool zeros_for_unknown = true;

  // The column, -1 where there is none.
  template <typename T>
  int64_t find(const T& value) const {
    if constexpr (std::is_same_v<T, std::string>) {
      auto found = texts.find(value);
      return found == texts.end() ? -1 : found->second;
    } else {
      if constexpr (std::is_floating_point_v<T>) {
        if (!(std::abs(static_cast<double>(value)) < 0x1p63)) return -1;
      }
      auto found = numbers.find(static_cast<int64_t>(value));
      return found == numbers.end() ? -1 : found->second;
    }
  }
};

Categories read_categories(const Node& node) {
  AttributeReader attributes(node);
  Categories read;
  const auto texts = attributes.texts("cats_strings");
  const auto numbers = attributes.integers("cats_int64s");
  read.zeros_for_unknown = attributes.integer("zeros", 1) != 0;
  attributes.finish();
  check_model(texts.empty() != numbers.empty(),
              "exactly one of cats_strings and cats_int64s is needed");
  for (const std::string& text : texts) read.texts[text] = read.count++;
  for (int64_t number : numbers) read.numbers[number] = read.count++;
  return read;
}

Shape encoded(Shape shape, int64_t count) {
  check_input(shape.rank() < kMaxRank, "an input of rank {} cannot get another axis", shape.rank());
  shape.push_back(count);
  return shape;
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  auto categories = std::make_shared<const Categories>(read_categories(request.node()));
  const TensorDesc& input = request.input(0);
  check_model((input.dtype == DType::kString) == categories->numbers.empty(),
              "an input of type {} for categories of another type", to_string(input.dtype));
  request.check_output(0, encoded(input.shape, categories->count));
  return make_kernel([categories](KernelContext& context) {
    const TensorView& x = context.input(0);
    float* y = context.output(0).as<float>();
    const int64_t count = x.count();
    std::fill(y, y + count * categories->count, 0.0f);
    visit_dtype_among<float, double, int64_t, int32_t, std::string>(x.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < count; ++i) {
        const T& value = x.as<T>()[i];
        const int64_t column = categories->find(value);
        check_input(column >= 0 || categories->zeros_for_unknown, "'{}' is no known category",
                    value);
        if (column >= 0) y[i * categories->count + column] = 1;
      }
    });
  });
}

void infer(InferRequest& request) {
  const int64_t count = read_categories(request.node).count;
  request.set_output(0, DType::kFloat32, encoded(request.inputs[0].shape, count));
}

}  // namespace

void register_one_hot_encoder(Registry& registry) {
  registry.add("OneHotEncoder", "ai.onnx.ml").kernel("reference", make_reference).infer = infer;
}

}  // namespace convoy
