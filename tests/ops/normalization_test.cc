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
      {"opset_6", "BatchNormalization", with(x), {y}, {{"epsilon", 0.0f}, {"is_test", int64_t{1}}},
       6, 1e-6},
      {"opset_9", "BatchNormalization", with(x), {y}, epsilon, 9, 1e-6},
      {"two_dimensions", "BatchNormalization", with(tensor<float>({2, 2}, {1, 10, 3, 20})),
       {tensor<float>({2, 2}, {0, 5, 2, 15})}, epsilon, 15, 1e-6},
      {"empty", "BatchNormalization", with(tensor<float>({0, 2, 2}, {})),
       {tensor<float>({0, 2, 2}, {})}, epsilon, 15},
      {"training", "BatchNormalization",
       {tensor<float>({2, 1}, {1, 3}), vector({1}), vector({0}), vector({0}), vector({1})},
       {tensor<float>({2, 1}, {-1, 1}), vector({1}), vector({1})},
       {{"epsilon", 0.0f}, {"momentum", 0.5f}, {"training_mode", int64_t{1}}}, 15, 1e-6},
  };
}

std::vector<OpCase> row_cases() {
  const Attributes exact = {{"epsilon", 0.0f}};
  const Tensor x = tensor<float>({1, 2, 2}, {1, 3, 10, 30});
  const Tensor signs = tensor<float>({1, 2, 2}, {-1, 1, -1, 1});
  return {
      {"instance", "InstanceNormalization", {x, vector({1, 2}), vector({0, 1})},
       {tensor<float>({1, 2, 2}, {-1, 1, -1, 3})}, exact, 6, 1e-6},
      {"group_of_opset_18", "GroupNormalization", {x, vector({1, 1}), vector({0, 0})}, {signs},
       {{"epsilon", 0.0f}, {"num_groups", int64_t{2}}}, 18, 1e-6},
      {"group", "GroupNormalization",
       {tensor<float>({1, 2, 1}, {1, 3}), vector({1, 2}), vector({0, 1})},
       {tensor<float>({1, 2, 1}, {-1, 3})}, {{"epsilon", 0.0f}, {"num_groups", int64_t{1}}}, 21,
       1e-6},
      {"layer", "LayerNormalization", {x, vector({1, 1})},
       {signs, tensor<float>({1, 2, 1}, {2, 20}), tensor<float>({1, 2, 1}, {1, 0.1f})}, exact, 17,
       1e-6},
      {"layer_from_axis_1", "LayerNormalization",
       {tensor<float>({1, 2, 1}, {1, 3}), tensor<float>({2, 1}, {1, 2}),
        tensor<float>({2, 1}, {0, 1})},
       {tensor<float>({1, 2, 1}, {-1, 3})}, {{"epsilon", 0.0f}, {"axis", int64_t{1}}}, 17, 1e-6},
      {"layer_scale_broadcasts", "LayerNormalization", {x, vector({2})},
       {tensor<float>({1, 2, 2}, {-2, 2, -2, 2})}, exact, 17, 1e-6},
      {"rms", "RMSNormalization", {vector({3, -4, 5, 0}), vector({1, 1, 1, 2})},
       {vector({0.84852814f, -1.13137085f, 1.41421356f, 0})}, exact, 23, 1e-6},
      {"lp_1", "LpNormalization", {vector({1, -3})}, {vector({0.25f, -0.75f})},
       {{"p", int64_t{1}}}, 22, 1e-6},
      {"lp_2", "LpNormalization", {vector({3, -4})}, {vector({0.6f, -0.8f})}, {}, 22, 1e-6},
      {"lp_of_zeros", "LpNormalization", {vector({0, 0})}, {vector({0, 0})}, {}, 22},
      {"lrn", "LRN", {tensor<float>({1, 3, 1, 1}, {1, 2, 3})},
       {tensor<float>({1, 3, 1, 1}, {1.0f / 6, 2.0f / 15, 3.0f / 14})},
       {{"alpha", 3.0f}, {"beta", 1.0f}, {"size", int64_t{3}}}, 13, 1e-6},
      {"det", "Det", {tensor<float>({2, 2, 2}, {1, 2, 3, 4, 0, 1, 1, 0})}, {vector({-2, -1})}, {},
       11, 1e-6},
  };
}

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
      {"group", "GroupNormalization", {x, channels, channels}, {wanted},
       {{"num_groups", int64_t{3}}}},
      {"layer", "LayerNormalization", {x, last, last}, {wanted, wanted, wanted}},
      {"layer_axis", "LayerNormalization", {x, pattern({5, 19}, 1, 2, 4)}, {wanted},
       {{"axis", int64_t{-2}}}},
      {"rms", "RMSNormalization", {x, last}, {wanted}, {}, 23},
  };
  for (OpCase c : table) {
    c.within = 1e-5;
    compare_kernels(c);
  }
}

}  // namespace
}  // namespace convoy
