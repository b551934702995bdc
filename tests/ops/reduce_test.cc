#include <limits>

#include <fmt/format.h>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
using Ints = std::vector<int64_t>;

Tensor axes(std::initializer_list<int64_t> list) {
  return tensor<int64_t>({static_cast<int64_t>(list.size())}, list);
}

const Tensor wanted = Tensor::scalar(0.0f);  // marks an output as wanted

std::vector<OpCase> sums() {
  const Tensor matrix = tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Attributes drop = {{"keepdims", int64_t{0}}};
  const Attributes noop = {{"noop_with_empty_axes", int64_t{1}}};
  return {
      {"all", "ReduceSum", {matrix}, {tensor<float>({1, 1}, {21})}},
      {"rows", "ReduceSum", {matrix, axes({1})}, {tensor<float>({2}, {6, 15})}, drop, 21, 0, {1}},
      {"columns",
       "ReduceSum",
       {matrix, axes({-2})},
       {tensor<float>({1, 3}, {5, 7, 9})},
       {},
       21,
       0,
       {1}},
      {"axes_attribute",
       "ReduceSum",
       {matrix},
       {tensor<float>({2, 1}, {6, 15})},
       {{"axes", Ints{1}}},
       11},
      {"axes_fed", "ReduceMax", {matrix, axes({0})}, {tensor<float>({1, 3}, {4, 5, 6})}, {}, 18},
      {"no_axes_is_all",
       "ReduceSum",
       {matrix, axes({})},
       {tensor<float>({1, 1}, {21})},
       {},
       21,
       0,
       {1}},
      {"no_axes_is_none", "ReduceSum", {matrix, axes({})}, {matrix}, noop, 21, 0, {1}},
      {"no_axes_fed", "ReduceMean", {matrix, axes({})}, {tensor<float>({}, {3.5f})}, drop, 18},
      {"no_axes_in_the_attribute",
       "ReduceSum",
       {matrix},
       {tensor<float>({1, 1}, {21})},
       {{"axes", Ints{}}},
       11},
      {"no_axes_still_roots",
       "ReduceL2",
       {tensor<float>({2}, {-2, 3}), axes({})},
       {tensor<float>({2}, {2, 3})},
       noop,
       18,
       1e-6},
      {"no_axes_still_squares",
       "ReduceSumSquare",
       {tensor<float>({2}, {-2, 3})},
       {tensor<float>({2}, {4, 9})},
       noop,
       18},
      {"scalar", "ReduceMean", {tensor<float>({}, {3})}, {tensor<float>({}, {3})}},
      {"empty_sum",
       "ReduceSum",
       {tensor<float>({0, 2}, {}), axes({0})},
       {tensor<float>({1, 2}, {0, 0})},
       {},
       21,
       0,
       {1}},
      {"empty_product", "ReduceProd", {tensor<float>({0}, {})}, {tensor<float>({1}, {1})}},
      {"empty_max", "ReduceMax", {tensor<float>({0}, {})}, {tensor<float>({1}, {-kInf})}},
      {"empty_min_int",
       "ReduceMin",
       {tensor<int32_t>({0}, {})},
       {tensor<int32_t>({1}, {std::numeric_limits<int32_t>::max()})}},
      {"empty_output",
       "ReduceSum",
       {tensor<float>({0, 2}, {}), axes({1})},
       {tensor<float>({0, 1}, {})},
       {},
       21,
       0,
       {1}},
  };
}

std::vector<OpCase> kinds() {
  const Tensor x = tensor<float>({4}, {-3, 1, 2, 4});
  return {
      {"mean", "ReduceMean", {x}, {tensor<float>({1}, {1})}},
      {"max", "ReduceMax", {x}, {tensor<float>({1}, {4})}},
      {"max_of_nan", "ReduceMax", {tensor<float>({3}, {1, kNaN, 2})}, {tensor<float>({1}, {kNaN})}},
      {"min", "ReduceMin", {x}, {tensor<float>({1}, {-3})}},
      {"product", "ReduceProd", {x}, {tensor<float>({1}, {-24})}},
      {"l1", "ReduceL1", {x}, {tensor<float>({1}, {10})}},
      {"l2", "ReduceL2", {tensor<float>({2}, {3, -4})}, {tensor<float>({1}, {5})}},
      {"squares", "ReduceSumSquare", {x}, {tensor<float>({1}, {30})}},
      {"log_sum", "ReduceLogSum", {tensor<float>({2}, {0.5f, 0.5f})}, {tensor<float>({1}, {0})}},
      {"log_sum_exp",
       "ReduceLogSumExp",
       {tensor<float>({2}, {1000, -kInf})},
       {tensor<float>({1}, {1000})}},
      {"mean_int", "ReduceMean", {tensor<int32_t>({2}, {-3, 0})}, {tensor<int32_t>({1}, {-1})}},
      {"sum_int64",
       "ReduceSum",
       {tensor<int64_t>({2}, {1LL << 40, 1})},
       {tensor<int64_t>({1}, {(1LL << 40) + 1})}},
      {"max_uint64",
       "ReduceMax",
       {tensor<uint64_t>({2}, {~0ULL, 1})},
       {tensor<uint64_t>({1}, {~0ULL})},
       {},
       18},
      {"max_bool",
       "ReduceMax",
       {tensor<bool>({2}, {false, true})},
       {tensor<bool>({1}, {true})},
       {},
       20},
      {"sum_float16",
       "ReduceSum",
       {tensor<Float16>({2}, {1.5f, 2.0f})},
       {tensor<Float16>({1}, {3.5f})}},
  };
}

// Sums whose squares or totals leave the range of a float on the way.
std::vector<OpCase> extremes() {
  auto filled = [](const Shape& shape, float value) {
    Tensor result = Tensor::allocate(DType::kFloat32, shape);
    std::fill_n(result.mutable_data<float>(), result.count(), value);
    return result;
  };
  std::vector<OpCase> cases;
  for (float value : {1e30f, 1e-30f}) {
    const char* size = value > 1 ? "large" : "small";
    cases.push_back({fmt::format("l2_{}", size),
                     "ReduceL2",
                     {filled({100}, value)},
                     {tensor<float>({1}, {10 * value})},
                     {},
                     18,
                     1e-6});
    cases.push_back({fmt::format("l2_{}_columns", size),
                     "ReduceL2",
                     {filled({100, 3}, value), axes({0})},
                     {filled({1, 3}, 10 * value)},
                     {},
                     18,
                     1e-6,
                     {1}});
    cases.push_back({fmt::format("l2_{}_short", size),
                     "ReduceL2",
                     {filled({4}, value)},
                     {tensor<float>({1}, {2 * value})},
                     {},
                     18,
                     1e-6});
  }
  cases.push_back({"mean_at_the_edge",
                   "ReduceMean",
                   {filled({64}, 3e38f)},
                   {tensor<float>({1}, {3e38f})},
                   {},
                   18,
                   1e-6});
  cases.push_back(
      {"l2_of_infinity", "ReduceL2", {filled({20}, kInf)}, {tensor<float>({1}, {kInf})}, {}, 18});
  cases.push_back({"log_sum_exp_low",
                   "ReduceLogSumExp",
                   {filled({2}, -1e30f)},
                   {tensor<float>({1}, {-1e30f})},
                   {},
                   18,
                   1e-6});
  cases.push_back({"log_sum_exp_of_nothing_but_minus_infinity",
                   "ReduceLogSumExp",
                   {filled({2}, -kInf)},
                   {tensor<float>({1}, {-kInf})},
                   {},
                   18});
  return cases;
}

CONVOY_OP_CASES(ReduceExtremes, extremes());
CONVOY_OP_CASES(ReduceAxes, sums());
CONVOY_OP_CASES(ReduceKinds, kinds());

TEST(Reduce, KernelsAgree) {
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare",
                         "ReduceL1", "ReduceL2", "ReduceLogSum"}) {
    for (const Ints& list : {Ints{0}, Ints{1}, Ints{2}, Ints{3}, Ints{0, 2}, Ints{2, 3}, Ints{1, 3},
                             Ints{0, 1, 2}, Ints{0, 1, 2, 3}}) {
      OpCase c{fmt::format("axes {}", to_string(Dims(list))),
               op,
               {pattern({3, 37, 5, 70}, 0, 2), Tensor::from_int64s(list)},
               {wanted}};
      c.constants = {1};
      c.within = 1e-5;
      compare_kernels(c);
    }
  }
}

TEST(Reduce, KernelsAgreeOnFewElements) {
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare",
                         "ReduceL1", "ReduceL2", "ReduceLogSum"}) {
    for (const Ints& list : {Ints{2}, Ints{1, 3}, Ints{3}}) {
      OpCase c{fmt::format("axes {}", to_string(Dims(list))),
               op,
               {pattern({300, 2, 5, 3}, 0, 2), Tensor::from_int64s(list)},
               {wanted}};
      c.constants = {1};
      c.within = 1e-5;
      compare_kernels(c);
    }
  }
}

TEST(Reduce, RefusesAnAxisOutside) {
  OpCase c{"outside", "ReduceSum", {tensor<float>({2}, {1, 2}), axes({1})}, {wanted}};
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

}  // namespace
}  // namespace convoy
