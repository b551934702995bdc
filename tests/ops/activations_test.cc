#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<OpCase> cases() {
  return {
      {"relu",
       "Relu",
       {tensor<float>({4}, {-1, 0, 2, kNaN})},
       {tensor<float>({4}, {0, 0, 2, kNaN})}},
      {"relu_int32", "Relu", {tensor<int32_t>({2}, {-5, 5})}, {tensor<int32_t>({2}, {0, 5})}},
      {"leaky_relu",
       "LeakyRelu",
       {tensor<float>({3}, {-1, 0, 1})},
       {tensor<float>({3}, {-0.1f, 0, 1})},
       {{"alpha", 0.1f}},
       16,
       1e-6},
      {"leaky_relu_default",
       "LeakyRelu",
       {tensor<float>({1}, {-100})},
       {tensor<float>({1}, {-1})},
       {},
       16,
       1e-6},
      {"sigmoid_edges",
       "Sigmoid",
       {tensor<float>({4}, {0, kInf, -kInf, kNaN})},
       {tensor<float>({4}, {0.5f, 1, 0, kNaN})}},
      {"tanh_edges",
       "Tanh",
       {tensor<float>({4}, {0, kInf, -kInf, kNaN})},
       {tensor<float>({4}, {0, 1, -1, kNaN})}},
      {"hard_sigmoid",
       "HardSigmoid",
       {tensor<float>({3}, {-10, 1, 10})},
       {tensor<float>({3}, {0, 0.7f, 1})},
       {},
       6,
       1e-6},
      {"thresholded_relu",
       "ThresholdedRelu",
       {tensor<float>({3}, {-1, 1, 1.5f})},
       {tensor<float>({3}, {0, 0, 1.5f})}},
      {"shrink",
       "Shrink",
       {tensor<float>({4}, {-2, -1.5f, 1, 2})},
       {tensor<float>({4}, {-0.5f, 0, 0, 0.5f})},
       {{"lambd", 1.5f}, {"bias", 1.5f}}},
      {"gelu_infinities",
       "Gelu",
       {tensor<float>({3}, {0, kInf, -kInf})},
       {tensor<float>({3}, {0, kInf, 0})},
       {},
       20},
      {"prelu_channels",
       "PRelu",
       {tensor<float>({1, 2, 2}, {-1, 1, -2, 2}), tensor<float>({2, 1}, {0.5f, 0.25f})},
       {tensor<float>({1, 2, 2}, {-0.5f, 1, -0.5f, 2})}},
      {"prelu_of_opset_6",
       "PRelu",
       {tensor<float>({1, 2, 2}, {-1, 1, -2, 2}), tensor<float>({2}, {0.5f, 0.25f})},
       {tensor<float>({1, 2, 2}, {-0.5f, 1, -0.5f, 2})},
       {},
       6},
      {"prelu_int64",
       "PRelu",
       {tensor<int64_t>({2}, {-3, 3}), tensor<int64_t>({1}, {2})},
       {tensor<int64_t>({2}, {-6, 3})}},
  };
}

CONVOY_OP_CASES(Activations, cases());

TEST(Activations, VectorsAgreeWithDoublePrecision) {
  struct Row {
    const char* op;
    Attributes attributes;
    int version;
  };
  for (const Row& row : std::vector<Row>{{"Sigmoid", {}, 13},
                                         {"Tanh", {}, 13},
                                         {"HardSigmoid", {}, 6},
                                         {"HardSwish", {}, 14},
                                         {"Elu", {{"alpha", 0.5f}}, 6},
                                         {"Celu", {{"alpha", 2.0f}}, 12},
                                         {"Selu", {}, 6},
                                         {"Softplus", {}, 1},
                                         {"Softsign", {}, 1},
                                         {"Gelu", {}, 20},
                                         {"Gelu", {{"approximate", std::string("tanh")}}, 20},
                                         {"Mish", {}, 18},
                                         {"Swish", {{"alpha", 1.5f}}, 24},
                                         {"Shrink", {{"bias", 0.25f}}, 9}}) {
    OpCase c{row.op,
             row.op,
             {pattern({41, 519}, -12, 12)},
             {tensor<float>({}, {0})},
             row.attributes,
             row.version,
             3e-7};
    compare_kernels(c);
  }
}

}  // namespace
}  // namespace convoy
