#include "tests/ops/op_case.h"

namespace convoy {
namespace {

const Tensor wanted = Tensor::scalar(0.0f);  // marks an output as wanted

Tensor vector(std::initializer_list<float> values) {
  return tensor<float>({static_cast<int64_t>(values.size())}, values);
}

// Statistics with var + epsilon = 4 and 1.
std::vector<OpCase> batch_cases() {
  const Attributes epsilon = {{"epsilon", 0.0f}};
  const Tensor x = tensor<float>({1, 2, 2}, {1, 3, 10, 20});
  const std::vector<Tensor> parameters = {vector({2, 1}), vector({0, 5}), vector({1, 10}),
                                          vector({4, 1})};
  auto with = [&](const Tensor& input) {
    std::vector<Tensor> inputs = {input};
    inputs.insert(inputs.end(), parameters.begin(), parameters.end());
    return inputs;
  };
  const Tensor y = tensor<float>({1, 2, 2}, {0, 2, 5, 15});
  return {
      {"inference", "BatchNormalization", with(x), {y}, epsilon, 15, 1e-6},
      {"constant_parameters", "BatchNormalization", with(x), {y}, epsilon, 15, 1e-6, {1, 2, 3, 4}},
      {"opset_6",
       "BatchNormalization",
       with(x),
       {y},
       {{"epsilon", 0.0f}, {"is_test", int64_t{1}}},
       6,
       1e-6},
      {"opset_9", "BatchNormalization", with(x), {y}, epsilon, 9, 1e-6},
      {"two_dimensions",
       "BatchNormalization",
       with(tensor<float>({2, 2}, {1, 10, 3, 20})),
       {tensor<float>({2, 2}, {0, 5, 2, 15})},
       epsilon,
       15,
       1e-6},
      {"empty",
       "BatchNormalization",
       with(tensor<float>({0, 2, 2}, {})),
       {tensor<float>({0, 2, 2}, {})},
       epsilon,
       15},
      {"training",
       "BatchNormalization",
       {tensor<float>({2, 1}, {1, 3}), vector({1}), vector({0}), vector({0}), vector({1})},
       {tensor<float>({2, 1}, {-1, 1}), vector({1}), vector({1})},
       {{"epsilon", 0.0f}, {"momentum", 0.5f}, {"training_mode", int64_t{1}}},
       15,
       1e-6},
  };
}

std::vector<OpCase> row_cases() {
  const Attributes exact = {{"epsilon", 0.0f}};
  const Tensor x = tensor<float>({1, 2, 2}, {1, 3, 10, 30});
  const Tensor signs = tensor<float>({1, 2, 2}, {-1, 1, -1, 1});
  return {
      {"instance",
       "InstanceNormalization",
       {x, vector({1, 2}), vector({0, 1})},
       {tensor<float>({1, 2, 2}, {-1, 1, -1, 3})},
       exact,
       6,
       1e-6},
      {"group_of_opset_18",
       "GroupNormalization",
       {x, vector({1, 1}), vector({0, 0})},
       {signs},
       {{"epsilon", 0.0f}, {"num_groups", int64_t{2}}},
       18,
       1e-6},
      {"group",
       "GroupNormalization",
       {tensor<float>({1, 2, 1}, {1, 3}), vector({1, 2}), vector({0, 1})},
       {tensor<float>({1, 2, 1}, {-1, 3})},
       {{"epsilon", 0.0f}, {"num_groups", int64_t{1}}},
       21,
       1e-6},
      {"layer",
       "LayerNormalization",
       {x, vector({1, 1})},
       {signs, tensor<float>({1, 2, 1}, {2, 20}), tensor<float>({1, 2, 1}, {1, 0.1f})},
       exact,
       17,
       1e-6},
      {"layer_of_no_elements",
       "LayerNormalization",
       {tensor<float>({2, 0}, {}), vector({})},
       {tensor<float>({2, 0}, {}), tensor<float>({2, 1}, {NAN, NAN}),
        tensor<float>({2, 1}, {NAN, NAN})},
       {},
       17},
      {"layer_from_axis_1",
       "LayerNormalization",
       {tensor<float>({1, 2, 1}, {1, 3}), tensor<float>({2, 1}, {1, 2}),
        tensor<float>({2, 1}, {0, 1})},
       {tensor<float>({1, 2, 1}, {-1, 3})},
       {{"epsilon", 0.0f}, {"axis", int64_t{1}}},
       17,
       1e-6},
      {"layer_scale_broadcasts",
       "LayerNormalization",
       {x, vector({2})},
       {tensor<float>({1, 2, 2}, {-2, 2, -2, 2})},
       exact,
       17,
       1e-6},
      {"rms",
       "RMSNormalization",
       {vector({3, -4, 5, 0}), vector({1, 1, 1, 2})},
       {vector({0.84852814f, -1.13137085f, 1.41421356f, 0})},
       exact,
       23,
       1e-6},
      {"lp_1",
       "LpNormalization",
       {vector({1, -3})},
       {vector({0.25f, -0.75f})},
       {{"p", int64_t{1}}},
       22,
       1e-6},
      {"lp_2", "LpNormalization", {vector({3, -4})}, {vector({0.6f, -0.8f})}, {}, 22, 1e-6},
      {"lp_of_zeros", "LpNormalization", {vector({0, 0})}, {vector({0, 0})}, {}, 22},
      {"lrn",
       "LRN",
       {tensor<float>({1, 3, 1, 1}, {1, 2, 3})},
       {tensor<float>({1, 3, 1, 1}, {1.0f / 6, 2.0f / 15, 3.0f / 14})},
       {{"alpha", 3.0f}, {"beta", 1.0f}, {"size", int64_t{3}}},
       13,
       1e-6},
      {"det",
       "Det",
       {tensor<float>({2, 2, 2}, {1, 2, 3, 4, 0, 1, 1, 0})},
       {vector({-2, -1})},
       {},
       11,
       1e-6},
  };
}

// A deviation of about 1 beside a mean of 1e4, and squares that overflow; by the definitions, in
// float64.
std::vector<OpCase> large_cases() {
  const Tensor x = tensor<float>({1, 2, 3}, {9999, 10001, 10000, 10002, 9998, 10000});
  const Tensor y =
      tensor<float>({1, 2, 3}, {-1.224735686f, 1.224735686f, 0, 1.224742575f, -1.224742575f, 0});
  const Tensor huge = tensor<float>({1, 1, 2}, {3e30f, 1e30f});
  const Tensor halves = tensor<float>({1, 1, 2}, {1, -1});
  const Attributes axes = {{"axes", std::vector<int64_t>{0, 2}}};
  const double r = 1e-6;
  return {
      {"layer_of_large_values", "LayerNormalization", {x, vector({1, 1, 1})}, {y}, {}, 17, r},
      {"instance_of_large_values",
       "InstanceNormalization",
       {x, vector({1, 1}), vector({0, 0})},
       {y},
       {},
       6,
       r},
      {"group_of_large_values",
       "GroupNormalization",
       {x, vector({1, 1}), vector({0, 0})},
       {y},
       {{"num_groups", int64_t{2}}},
       21,
       r},
      {"batch_of_large_values",
       "BatchNormalization",
       {x, vector({3, 1}), vector({1, 0}), vector({10000, 9999}), vector({1, 4})},
       {tensor<float>({1, 2, 3}, {-2, 4, 1, 1.5f, -0.5f, 0.5f})},
       {{"epsilon", 0.0f}},
       15,
       r},
      {"mean_variance_of_large_values",
       "MeanVarianceNormalization",
       {x},
       {tensor<float>({1, 2, 3}, {-1.22474487f, 1.22474487f, 0, 1.22474487f, -1.22474487f, 0})},
       axes,
       13,
       r},
      {"layer_of_huge_values", "LayerNormalization", {huge, vector({1, 1})}, {halves}, {}, 17, r},
      {"rms_of_huge_values",
       "RMSNormalization",
       {huge, vector({1, 1})},
       {tensor<float>({1, 1, 2}, {1.341640786f, 0.447213595f})},
       {},
       23,
       r},
      {"rms_of_tiny_values",
       "RMSNormalization",
       {tensor<float>({1, 2}, {3e-30f, 1e-30f}), vector({1, 1})},
       {tensor<float>({1, 2}, {1.341640786f, 0.447213595f})},
       {{"epsilon", 0.0f}},
       23,
       r},
      {"instance_of_huge_values",
       "InstanceNormalization",
       {huge, vector({1}), vector({0})},
       {halves},
       {},
       6,
       r},
      {"mean_variance_of_huge_values", "MeanVarianceNormalization", {huge}, {halves}, axes, 13, r},
      {"lp_of_huge_values",
       "LpNormalization",
       {huge},
       {tensor<float>({1, 1, 2}, {0.948683298f, 0.316227766f})},
       {},
       22,
       r},
  };
}

std::vector<OpCase> mean_variance_cases() {
  const Tensor x = tensor<float>({1, 2, 1, 2}, {1, 3, 10, 30});
  const Tensor signs = tensor<float>({1, 2, 1, 2}, {-1, 1, -1, 1});
  const Attributes first = {{"axes", std::vector<int64_t>{1}}};
  return {
      {"by_channel", "MeanVarianceNormalization", {x}, {signs}, {}, 13, 1e-6},
      {"opset_9", "MeanVarianceNormalization", {x}, {signs}, {}, 9, 1e-6},
      {"not_the_last_axis",
       "MeanVarianceNormalization",
       {x},
       {tensor<float>({1, 2, 1, 2}, {-1, -1, 1, 1})},
       first,
       13,
       1e-6},
      {"negative_axis",
       "MeanVarianceNormalization",
       {x},
       {signs},
       {{"axes", std::vector<int64_t>{-1}}},
       13,
       1e-6},
      {"constant_rows",
       "MeanVarianceNormalization",
       {tensor<float>({1, 1, 1, 3}, {10000.7f, 10000.7f, 10000.7f})},
       {tensor<float>({1, 1, 1, 3}, {0, 0, 0})},
       {},
       13},
      {"opset_8", "MeanVarianceNormalization", {x}, {signs}, {}, 8, 1e-6},
      {"opset_8_mean_only",
       "MeanVarianceNormalization",
       {x},
       {tensor<float>({1, 2, 1, 2}, {-1, 1, -10, 10})},
       {{"normalize_variance", int64_t{0}}},
       8,
       1e-6},
      {"opset_8_across_channels",
       "MeanVarianceNormalization",
       {tensor<float>({1, 2, 1, 1}, {1, 3})},
       {tensor<float>({1, 2, 1, 1}, {-1, 1})},
       {{"across_channels", int64_t{1}}},
       8,
       1e-6},
      {"doubles",
       "MeanVarianceNormalization",
       {tensor<double>({2, 1}, {1e8 - 1, 1e8 + 1})},
       {tensor<double>({2, 1}, {-1, 1})},
       {{"axes", std::vector<int64_t>{0}}},
       13,
       1e-8},
  };
}

// ONNX Runtime's operator, in either domain, from opset 1 on.
std::vector<OpCase> simplified_cases() {
  std::vector<OpCase> cases;
  for (const char* domain : {"", "com.microsoft"}) {
    OpCase c{"simplified",
             "SimplifiedLayerNormalization",
             {vector({3, -4, 5, 0}), vector({1, 1, 1, 2})},
             {vector({0.84852814f, -1.13137085f, 1.41421356f, 0}), vector({0.282842712f})},
             {{"epsilon", 0.0f}, {"stash_type", int64_t{1}}},
             12,
             1e-6};
    c.domain = domain;
    if (c.domain.empty()) {
      cases.push_back(c);
      c.name = "simplified_without_factor";
      c.expected.pop_back();
    } else {
      c.name = "simplified_of_microsoft";
      c.version = 1;
    }
    cases.push_back(c);
  }
  return cases;
}

CONVOY_OP_CASES(LargeValues, large_cases());
CONVOY_OP_CASES(MeanVarianceNormalization, mean_variance_cases());
CONVOY_OP_CASES(SimplifiedLayerNormalization, simplified_cases());
CONVOY_OP_CASES(BatchNormalization, batch_cases());
CONVOY_OP_CASES(RowNormalization, row_cases());

TEST(Normalization, KernelsAgree) {
  const Shape shape = {2, 6, 5, 19};
  const Tensor x = pattern(shape, 10, 20);
  const Tensor channels = pattern({6}, 1, 2, 2);
  const Tensor last = pattern({19}, 1, 2, 3);
  const std::vector<OpCase> table = {
      {"batch", "BatchNormalization", {x, channels, channels, channels, channels}, {wanted}},
      {"instance", "InstanceNormalization", {x, channels, channels}, {wanted}},
      {"group",
       "GroupNormalization",
       {x, channels, channels},
       {wanted},
       {{"num_groups", int64_t{3}}}},
      {"layer", "LayerNormalization", {x, last, last}, {wanted, wanted, wanted}},
      {"layer_axis",
       "LayerNormalization",
       {x, pattern({5, 19}, 1, 2, 4)},
       {wanted},
       {{"axis", int64_t{-2}}}},
      {"rms", "RMSNormalization", {x, last}, {wanted}, {}, 23},
      {"mean_variance", "MeanVarianceNormalization", {x}, {wanted}},
      {"mean_variance_rows",
       "MeanVarianceNormalization",
       {x},
       {wanted},
       {{"axes", std::vector<int64_t>{-2, -1}}}},
  };
  for (OpCase c : table) {
    c.within = 1e-5;
    compare_kernels(c);
  }
}

}  // namespace
}  // namespace convoy
