// What a session makes of quantized models: weights are dequantized once, and activations that are
// quantized and dequantized stay floats.
#include <cmath>
#include <limits>

#include "tests/ops/rewrites/check_equal.h"
#include "tests/ops/rewrites/near_misses.h"
#include "tests/rewrite/quantized_case.h"

namespace convoy::testing {
namespace {

TEST(Quantization, ASessionDequantizesWeightsOnce) {
  for (bool session : {true, false}) {
    GraphCase test;
    ValueId x = test.input("x", {"batch", 3, 9});
    test.output(test.node("Conv", {x, dequantized_weight(test, {4, 3, 3})}));
    check_equal(test, session ? lowering() : RewriteOptions());
    EXPECT_EQ(test.count("DequantizeLinear"), session ? 0 : 1);
  }
}

// However often the rewrites go over the graph.
TEST(Quantization, BeyondALimitWeightsStayQuantized) {
  GraphCase test;
  ValueId y = test.node("Conv", {test.input("x", {2, 3, 9}), dequantized_weight(test, {4, 3, 3})});
  test.output(test.node("Conv", {y, dequantized_weight(test, {3, 4, 3})}));
  RewriteOptions options = lowering();
  options.dequantize_limit_bytes = 4 * 3 * 3 * 4;
  check_equal(test, options);
  EXPECT_EQ(test.count("DequantizeLinear"), 1);
}

TEST(Quantization, TablesStayQuantized) {
  GraphCase test;
  ValueId x = test.input("x", {2, 5});
  ValueId row = test.node("Gather", {dequantized_weight(test, {7, 5}), test.ints({3, 1})});
  test.output(test.node("Add", {x, row}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("DequantizeLinear"), 1);
}

// Every kind of number, at and beside the bounds and halfway between two integers.
std::vector<float> special_numbers(float scale) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> numbers = {0.0F, -0.0F, infinity, -infinity, NAN, 1e30F, -1e30F, 1e-40F};
  for (int i = -300; i <= 300; ++i) {
    const float half = scale * (static_cast<float>(i) / 2);
    numbers.push_back(half);
    numbers.push_back(std::nextafter(half, infinity));
    numbers.push_back(std::nextafter(half, -infinity));
    numbers.push_back(half * 251);
  }
  return numbers;
}

template <typename T>
void expect_the_same_numbers(float scale, T zero) {
  GraphCase test(21);  // where 16 bits came
  std::vector<float> numbers = special_numbers(scale);
  auto count = static_cast<int64_t>(numbers.size());
  test.output(quantized_and_back<T>(test, test.input("x", {count}), scale, zero));
  test.finish();
  Feeds feeds{{"x", Tensor::from<float>({count}, numbers)}};
  Tensor before = evaluate_graph(test.graph(), feeds)[0];
  test.optimize(lowering());
  ASSERT_EQ(test.count("QuantizeLinear"), 0);
  Tensor after = evaluate_graph(test.graph(), feeds)[0];
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_EQ(after.data<float>()[i], before.data<float>()[i])
        << numbers[static_cast<size_t>(i)] << " by " << scale << ", " << int64_t{zero};
  }
}

TEST(Quantization, ZeroPointsMayBeLeftOut) {
  GraphCase test;
  ValueId scale = test.floats({}, {0.5F});
  ValueId integers = test.node("QuantizeLinear", {test.input("x", {"batch", 9}), scale});
  test.output(test.node("DequantizeLinear", {integers, scale}));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("QuantizeLinear"), 0);
}

TEST(Quantization, StaysInFloatsWithTheSameNumbers) {
  for (float scale : {0.02F, 1.0F, 0.3137F}) {
    expect_the_same_numbers<uint8_t>(scale, 0);
    expect_the_same_numbers<uint8_t>(scale, 128);
    expect_the_same_numbers<int8_t>(scale, -5);
    expect_the_same_numbers<uint16_t>(scale, 30000);
    expect_the_same_numbers<int16_t>(scale, 0);
  }
}

TEST(Quantization, OfAnAxisStaysInFloatsToo) {
  for (int64_t axis : {0, 1, 2, -1}) {
    GraphCase test;
    ValueId x = test.input("x", {2, 3, 4});
    const int64_t count = axis == 0 ? 2 : axis == 1 ? 3 : 4;
    std::vector<float> scales = {0.01F, 0.02F, 0.004F, 0.015F};
    std::vector<uint8_t> zeros = {3, 128, 250, 0};
    scales.resize(static_cast<size_t>(count));
    zeros.resize(static_cast<size_t>(count));
    ValueId s = test.floats({count}, scales);
    ValueId z = constant_of<uint8_t>(test, {count}, zeros);
    Attributes along{{"axis", axis}};
    ValueId q = test.node("QuantizeLinear", {x, s, z}, along);
    test.output(test.node("DequantizeLinear", {q, s, z}, along));
    check_equal(test, lowering());
    EXPECT_EQ(test.count("FusedElementwise"), 1);
  }
}

TEST(Quantization, GoesWithItsNeighboursIntoOnePass) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 8});
  ValueId a = quantized_and_back<uint8_t>(test, x, 0.02F, 7);
  ValueId sum = test.node("Relu", {test.node("Add", {a, test.input("z", {2, 3, 8})})});
  test.output(quantized_and_back<int8_t>(test, sum, 0.01F, -3));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("FusedElementwise"), 1);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

std::vector<NearMiss> near_misses() {
  return {{"fuse_quantization", 5,
           [](GraphCase& t, int near) {
             ValueId x = t.input("x", {2, 2});
             ValueId s = near == 3 ? t.floats({2}, {1, 2}) : t.floats({}, {0.1F});
             ValueId z = near == 3 ? constant_of<uint8_t>(t, {2}, {1, 2})
                                   : constant_of<uint8_t>(t, {}, {9});
             ValueId q = t.node("QuantizeLinear", {x, s, z});
             ValueId other_s = near == 1 ? t.floats({}, {0.2F}) : s;
             ValueId other_z = near == 2 ? constant_of<uint8_t>(t, {}, {8}) : z;
             if (near == 4) other_s = t.input("s", {});
             Attributes axis{{"axis", int64_t{near == 3 ? 0 : 1}}};
             t.output(t.node("DequantizeLinear", {q, other_s, other_z}, axis));
             if (near == 5) tap(t, q);
           },
           17, true}};
}

INSTANTIATE_TEST_SUITE_P(Quantized, NearMisses, ::testing::ValuesIn(near_misses()), rule_of);

}  // namespace
}  // namespace convoy::testing
