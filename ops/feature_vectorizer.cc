// FeatureVectorizer of ai.onnx.ml, version 1: inputs side by side as float32, each cut or filled
// with zeros to its number of columns.

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Part {
  int64_t rows = 1;
  int64_t given = 0;   // columns of the input
  int64_t wanted = 0;  // columns of the output
};

Part part_of(const Shape& shape) {
  if (shape.rank() < 2) return {1, shape.rank() == 0 ? 1 : shape[0]};
  Part part{shape[0], 1};
  for (int i = 1; i < shape.rank(); ++i) part.given *= shape[i];
  return part;
}

std::vector<Part> read_parts(const Node& node, const std::vector<TensorDesc>& inputs) {
  AttributeReader attributes(node);
  const auto sizes = attributes.integers("inputdimensions");
  attributes.finish();
  check_model(sizes.empty() || sizes.size() == inputs.size(),
              "inputdimensions has {} numbers for {} inputs", sizes.size(), inputs.size());
  std::vector<Part> parts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Part part = part_of(inputs[i].shape);
    part.wanted = sizes.empty() ? part.given : sizes[i];
    check_model(part.wanted >= 0 && part.wanted < int64_t{1} << 40,
                "input {} is to have {} columns", i, part.wanted);
    check_input(i == 0 || part.rows == parts[0].rows, "inputs of {} and {} rows", part.rows,
                i == 0 ? 0 : parts[0].rows);
    parts.push_back(part);
  }
  return parts;
}

Shape joined(const std::vector<Part>& parts) {
  int64_t columns = 0;
  for (const Part& part : parts) columns += part.wanted;
  return {parts.empty() ? 1 : parts[0].rows, columns};
}

void put(const TensorView& from, const Part& part, float* to, int64_t columns) {
  const int64_t copied = std::min(part.given, part.wanted);
  visit_dtype_among<float, double, int64_t, int32_t>(from.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t row = 0; row < part.rows; ++row) {
      const T* x = from.as<T>() + row * part.given;
      float* y = to + row * columns;
      for (int64_t i = 0; i < copied; ++i) y[i] = static_cast<float>(x[i]);
      std::fill(y + copied, y + part.wanted, 0.0f);
    }
  });
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const std::vector<Part> parts = read_parts(request.node(), request.inputs);
  const Shape shape = joined(parts);
  request.check_output(0, shape);
  return make_kernel([parts, columns = shape[1]](KernelContext& context) {
    float* to = context.output(0).as<float>();
    for (size_t i = 0; i < parts.size(); ++i) {
      put(context.input(static_cast<int>(i)), parts[i], to, columns);
      to += parts[i].wanted;
    }
  });
}

void infer(InferRequest& request) {
  request.set_output(0, DType::kFloat32, joined(read_parts(request.node, request.inputs)));
}

}  // namespace

void register_feature_vectorizer(Registry& registry) {
  registry.add("FeatureVectorizer", "ai.onnx.ml").kernel("reference", make_reference).infer = infer;
}

}  // namespace convoy
