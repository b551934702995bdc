// ArrayFeatureExtractor, Binarizer, Scaler, Normalizer and Imputer of ai.onnx.ml, version 1.

#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Picks columns of the last axis.
std::unique_ptr<Kernel> make_extractor(KernelRequest& request) {
  request.attributes().finish();
  return make_kernel([](KernelContext& context) {
    const TensorView& x = context.input(0);
    const int64_t columns = x.rank() == 0 ? 1 : x.shape.back();
    const int64_t* picked = context.input(1).as<int64_t>();
    const int64_t count = context.input(1).count();
    const int64_t rows = columns == 0 ? 0 : x.count() / columns;
    check_input(context.output(0).count() == rows * count, "the output does not fit {} columns",
                count);
    for (int64_t k = 0; k < count; ++k) {
      check_input(picked[k] >= 0 && picked[k] < columns, "index {} is outside of [0, {})",
                  picked[k], columns);
    }
    visit_dtype_among<float, double, int64_t, int32_t, std::string>(x.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* y = context.output(0).as<T>();
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t k = 0; k < count; ++k) *y++ = x.as<T>()[row * columns + picked[k]];
      }
    });
  });
}

// Columns extracted from [rows…, columns]; a vector becomes one row.
void infer_extractor(InferRequest& request) {
  Shape shape = request.inputs[0].shape;
  if (shape.rank() < 2) shape = {1, shape.rank() == 0 ? 1 : shape[0]};
  shape[shape.rank() - 1] = request.inputs[1].count();
  request.set_output(0, request.inputs[0].dtype, shape);
}

template <typename Visitor>
void visit_ml_number(DType dtype, Visitor&& visitor) {
  visit_dtype_among<float, double, int64_t, int32_t>(dtype, visitor);
}

std::unique_ptr<Kernel> make_binarizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const float threshold = attributes.number("threshold", 0);
  attributes.finish();
  return make_kernel([threshold](KernelContext& context) {
    visit_ml_number(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = context.input(0).as<T>();
      T* y = context.output(0).as<T>();
      const int64_t count = context.input(0).count();
      for (int64_t i = 0; i < count; ++i) {
        y[i] = static_cast<T>(static_cast<double>(x[i]) > threshold ? 1 : 0);
      }
    });
  });
}

// One value for each column, or one for all.
float of_column(const std::vector<float>& values, int64_t column) {
  return values[values.size() == 1 ? 0 : static_cast<size_t>(column)];
}

int64_t columns_of(const KernelRequest& request) {
  const Shape& shape = request.input(0).shape;
  return shape.rank() == 0 ? 1 : shape.back();
}

void check_columns(const char* name, size_t given, int64_t columns) {
  check_model(given == 1 || static_cast<int64_t>(given) == columns,
              "{} has {} values for {} columns", name, given, columns);
}

std::unique_ptr<Kernel> make_scaler(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const auto offset = attributes.numbers("offset", {0.0f});
  const auto scale = attributes.numbers("scale", {1.0f});
  attributes.finish();
  const int64_t columns = columns_of(request);
  check_columns("offset", offset.size(), columns);
  check_columns("scale", scale.size(), columns);
  return make_kernel([offset, scale, columns](KernelContext& context) {
    visit_ml_number(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
      const T* x = context.input(0).as<T>();
      float* y = context.output(0).as<float>();
      const int64_t count = context.input(0).count();
      for (int64_t i = 0; i < count; ++i) {
        const auto shifted =
            static_cast<Work>(x[i]) - static_cast<Work>(of_column(offset, i % columns));
        y[i] = static_cast<float>(shifted * static_cast<Work>(of_column(scale, i % columns)));
      }
    });
  });
}

// Rows divided by their maximum, L1 or L2 norm; rows of norm 0 stay.
std::unique_ptr<Kernel> make_normalizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const std::string norm = attributes.text("norm", "MAX");
  attributes.finish();
  check_model(norm == "MAX" || norm == "L1" || norm == "L2", "norm '{}' is not known", norm);
  const int64_t columns = columns_of(request);
  return make_kernel([norm, columns](KernelContext& context) {
    visit_ml_number(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const int64_t count = context.input(0).count();
      for (int64_t first = 0; first < count; first += columns) {
        const T* x = context.input(0).as<T>() + first;
        float* y = context.output(0).as<float>() + first;
        double size = norm == "MAX" ? -INFINITY : 0;
        for (int64_t k = 0; k < columns; ++k) {
          const double value = static_cast<double>(x[k]);
          size = norm == "MAX"  ? std::max(size, value)
                 : norm == "L1" ? size + std::abs(value)
                                : size + value * value;
        }
        if (norm == "L2") size = std::sqrt(size);
        for (int64_t k = 0; k < columns; ++k) {
          y[k] = static_cast<float>(size == 0 ? static_cast<double>(x[k])
                                              : static_cast<double>(x[k]) / size);
        }
      }
    });
  });
}

int32_t as_int32(int64_t value) {
  check_model(value == static_cast<int32_t>(value), "value {} does not fit int32", value);
  return static_cast<int32_t>(value);
}

template <typename T>
std::unique_ptr<Kernel> impute(std::vector<T> imputed, T replaced, int64_t columns) {
  check_columns("the list of imputed values", imputed.size(), columns);
  return make_kernel([=](KernelContext& context) {
    const T* x = context.input(0).as<T>();
    T* y = context.output(0).as<T>();
    const int64_t count = context.input(0).count();
    for (int64_t i = 0; i < count; ++i) {
      const bool missing = x[i] == replaced || (replaced != replaced && x[i] != x[i]);
      const size_t column = imputed.size() == 1 ? 0 : static_cast<size_t>(i % columns);
      y[i] = missing ? imputed[column] : x[i];
    }
  });
}

std::unique_ptr<Kernel> make_imputer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const auto floats = attributes.numbers("imputed_value_floats");
  const auto integers = attributes.integers("imputed_value_int64s");
  const float replaced = attributes.number("replaced_value_float", 0);
  const int64_t replaced_integer = attributes.integer("replaced_value_int64", 0);
  attributes.finish();
  const int64_t columns = columns_of(request);
  const DType dtype = request.input(0).dtype;
  check_model(floats.empty() != integers.empty(),
              "exactly one of imputed_value_floats and imputed_value_int64s is needed");
  if (dtype == DType::kFloat32) return impute<float>(floats, replaced, columns);
  if (dtype == DType::kInt64) return impute<int64_t>(integers, replaced_integer, columns);
  if (dtype == DType::kFloat64) {
    return impute<double>({floats.begin(), floats.end()}, static_cast<double>(replaced), columns);
  }
  if (dtype == DType::kInt32) {
    std::vector<int32_t> narrow;
    for (int64_t value : integers) narrow.push_back(as_int32(value));
    return impute<int32_t>(std::move(narrow), as_int32(replaced_integer), columns);
  }
  return request.refuse("only for float32, float64, int64 and int32");
}

// ONNX has no inference for Scaler, Normalizer and Imputer.
void infer_float(InferRequest& request) {
  request.set_output(0, DType::kFloat32, request.inputs[0].shape);
}

void infer_same(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
}

}  // namespace

void register_feature_scaling(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  OpDef& extractor = registry.add("ArrayFeatureExtractor", kDomain);
  extractor.infer = infer_extractor;
  extractor.kernel("reference", make_extractor);
  registry.add("Binarizer", kDomain).kernel("reference", make_binarizer);
  registry.add("Scaler", kDomain).kernel("reference", make_scaler).infer = infer_float;
  registry.add("Normalizer", kDomain).kernel("reference", make_normalizer).infer = infer_float;
  registry.add("Imputer", kDomain).kernel("reference", make_imputer).infer = infer_same;
}

}  // namespace convoy
