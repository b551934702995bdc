#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

const Tensor wanted = Tensor::scalar(0.0f);  // marks an output as wanted

std::vector<OpCase> cases() {
  const float half = 0.5f;
  return {
      {"last_axis",
       "Softmax",
       {tensor<float>({2, 2}, {0, 0, 3, 3})},
       {tensor<float>({2, 2}, {half, half, half, half})}},
      {"first_axis",
       "Softmax",
       {tensor<float>({2, 2}, {0, 1000, 0, 1000})},
       {tensor<float>({2, 2}, {half, half, half, half})},
       {{"axis", int64_t{0}}}},
      {"flattens_before_opset_13",
       "Softmax",
       {tensor<float>({1, 2, 2}, {1, 1, 1, 1})},
       {tensor<float>({1, 2, 2}, {0.25f, 0.25f, 0.25f, 0.25f})},
       {},
       11},
      {"large_values",
       "Softmax",
       {tensor<float>({1, 3}, {10000, 10000, -10000})},
       {tensor<float>({1, 3}, {half, half, 0})}},
      {"far_below", "Softmax", {tensor<float>({2}, {-9e6f, 0})}, {tensor<float>({2}, {0, 1})}},
      {"masked",
       "Softmax",
       {tensor<float>({3}, {-kInf, 0, 0})},
       {tensor<float>({3}, {0, half, half})}},
      {"all_masked",
       "Softmax",
       {tensor<float>({2}, {-kInf, -kInf})},
       {tensor<float>({2}, {kNaN, kNaN})}},
      {"nan", "Softmax", {tensor<float>({2}, {kNaN, 0})}, {tensor<float>({2}, {kNaN, kNaN})}},
      {"empty", "Softmax", {tensor<float>({0, 3}, {})}, {tensor<float>({0, 3}, {})}},
      {"empty_axis", "Softmax", {tensor<float>({3, 0}, {})}, {tensor<float>({3, 0}, {})}},
      {"double", "Softmax", {tensor<double>({2}, {5, 5})}, {tensor<double>({2}, {0.5, 0.5})}},
      {"float16", "Softmax", {tensor<Float16>({2}, {5, 5})}, {tensor<Float16>({2}, {half, half})}},
      {"log",
       "LogSoftmax",
       {tensor<float>({1, 2}, {-1, -1})},
       {tensor<float>({1, 2}, {-0.69314718f, -0.69314718f})},
       {},
       21,
       1e-6},
      {"hardmax_takes_the_first",
       "Hardmax",
       {tensor<float>({2, 3}, {1, 3, 3, 2, 0, 1})},
       {tensor<float>({2, 3}, {0, 1, 0, 1, 0, 0})}},
  };
}

CONVOY_OP_CASES(Softmax, cases());

TEST(Softmax, KernelsAgree) {
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    for (const Shape& shape : {Shape{3, 1}, Shape{5, 7}, Shape{4, 33}, Shape{2, 3, 17, 40},
                               Shape{70, 3, 2}, Shape{2, 300, 5}}) {
      for (int64_t axis = 0; axis < shape.rank(); ++axis) {
        OpCase c{fmt::format("{} axis {}", to_string(shape), axis),
                 op,
                 {pattern(shape, -9, 9)},
                 {wanted},
                 {{"axis", axis}}};
        c.within = 2e-6;
        compare_kernels(c);
      }
    }
  }
}

}  // namespace
}  // namespace convoy
