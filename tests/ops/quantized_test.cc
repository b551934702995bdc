#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

template <typename T>
Tensor bytes(const Shape& shape, int seed) {
  Tensor result = Tensor::allocate(dtype_of<T>, shape);
  auto* values = result.template mutable_data<T>();
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (int64_t i = 0; i < result.count(); ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<T>(state >> 24);
  }
  return result;
}

OpCase quantized(std::string name, std::string op, std::vector<Tensor> inputs,
                 std::vector<int> constants, Attributes attributes = {}) {
  OpCase c;
  c.name = std::move(name);
  c.op = std::move(op);
  c.inputs = std::move(inputs);
  c.expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
  c.attributes = std::move(attributes);
  c.constants = std::move(constants);
  return c;
}

std::vector<OpCase> cases() {
  Tensor zero = tensor<uint8_t>({}, {117});
  Tensor zeros = tensor<int8_t>({4}, {0, -3, 5, 1});
  Tensor scale = tensor<float>({}, {0.02f});
  Tensor scales = tensor<float>({4}, {0.01f, 0.02f, 0.03f, 0.04f});
  Tensor y_scale = tensor<float>({}, {3.0f});
  Tensor bias = tensor<int32_t>({4}, {1000, -2000, 30, 4});
  Attributes padded = {{"pads", Ints{1, 1, 1, 1}}};
  return {
      quantized("matmul_integer", "MatMulInteger",
                {bytes<uint8_t>({3, 5, 40}, 1), bytes<int8_t>({40, 4}, 2), zero, zeros}, {1, 3}),
      quantized("matmul_integer_deep", "MatMulInteger",
                {bytes<uint8_t>({2, 3000}, 1), bytes<uint8_t>({3000, 7}, 2)}, {1}),
      quantized("matmul_linear", "QLinearMatMul",
                {bytes<uint8_t>({5, 40}, 1), scale, zero, bytes<int8_t>({40, 4}, 2), scales, zeros,
                 y_scale, tensor<uint8_t>({}, {99})},
                {3, 5}),
      quantized("conv_integer", "ConvInteger",
                {bytes<uint8_t>({2, 3, 7, 8}, 1), bytes<uint8_t>({4, 3, 3, 3}, 2), zero,
                 tensor<uint8_t>({}, {9})},
                {1, 3}, padded),
      quantized("conv_integer_deep", "ConvInteger",
                {bytes<uint8_t>({1, 64, 7, 8}, 1), bytes<uint8_t>({4, 64, 3, 3}, 2)}, {1}, padded),
      quantized("conv_linear", "QLinearConv",
                {bytes<uint8_t>({2, 3, 7, 8}, 1), scale, zero, bytes<int8_t>({4, 3, 3, 3}, 2),
                 scales, zeros, y_scale, tensor<uint8_t>({}, {99}), bias},
                {3, 5}, padded),
  };
}

class QuantizedKernels : public testing::TestWithParam<OpCase> {};

TEST_P(QuantizedKernels, AgreeWithTheReference) { compare_kernels(GetParam()); }
TEST_P(QuantizedKernels, TakeWeightsThatChange) {
  OpCase c = GetParam();
  c.constants = {};
  compare_kernels(c);
}
INSTANTIATE_TEST_SUITE_P(Cases, QuantizedKernels, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

// By NumPy.
TEST(MatMulInteger, TakesZeroPointsOfEachMatrix) {
  const Tensor a = tensor<int8_t>({2, 2, 2}, {1, -2, 3, 4, -1, 5, 2, -3});
  OpCase columns;
  columns.op = "MatMulInteger";
  columns.inputs = {a, tensor<uint8_t>({2, 2, 3}, {10, 20, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9}),
                    tensor<int8_t>({}, {0}), tensor<uint8_t>({2, 1, 3}, {1, 2, 3, 4, 5, 6})};
  columns.expected = {tensor<int32_t>({2, 2, 3}, {9, 18, 27, 27, 54, 81, 15, 15, 15, -9, -9, -9})};
  run_case(columns);
  OpCase rows;
  rows.op = "MatMulInteger";
  rows.inputs = {a, tensor<int8_t>({1, 2, 1}, {1, 10}), tensor<int8_t>({2, 2, 1}, {1, 2, 3, 4})};
  rows.expected = {tensor<int32_t>({2, 2, 1}, {-30, 21, 16, -72})};
  run_case(rows);
}

TEST(DequantizeLinear, TakesBlocksLongerThanTheAxis) {
  OpCase c;
  c.name = "long_blocks";
  c.op = "DequantizeLinear";
  c.inputs = {tensor<uint8_t>({3}, {1, 2, 4}), tensor<float>({1}, {0.5f})};
  c.expected = {tensor<float>({3}, {0.5f, 1, 2})};
  c.attributes = {{"block_size", std::numeric_limits<int64_t>::max()}, {"axis", int64_t{0}}};
  run_case(c);
}

// Smallest value -1, largest 1.5: a scale of 2.5 / 255, and 102 stands for 0.
TEST(DynamicQuantizeLinear, Takes16BitFloats) {
  OpCase c;
  c.name = "dynamic";
  c.op = "DynamicQuantizeLinear";
  c.version = 11;
  Tensor x = tensor<float>({2, 2}, {-1, 0, 0.5f, 1.5f});
  c.inputs = {x};
  c.expected = {tensor<uint8_t>({2, 2}, {0, 102, 153, 255}), Tensor::scalar(2.5f / 255),
                Tensor::scalar<uint8_t>(102)};
  c.within = 1e-6;
  run_case(c);
  for (DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    Tensor half = Tensor::allocate(dtype, x.shape());
    visit_dtype_among<Float16, BFloat16>(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::copy_n(x.data<float>(), 4, half.mutable_data<T>());
    });
    c.inputs = {half};
    run_case(c);
  }
}

TEST(DynamicQuantizeLinear, NeedNotGiveAllOutputs) {
  OpCase c;
  c.name = "scale_alone";
  c.op = "DynamicQuantizeLinear";
  c.version = 11;
  c.inputs = {pattern({3, 10000}, -0.5f, 2.0f)};
  c.expected = {Tensor(), Tensor::scalar(2.5f / 255), Tensor()};
  c.within = 1e-3;
  run_case(c);
  c.inputs = {tensor<float>({0}, {})};
  c.expected = {tensor<uint8_t>({0}, {}), Tensor::scalar(1.0f / 255), Tensor::scalar<uint8_t>(0)};
  run_case(c);
}

}  // namespace
}  // namespace convoy
