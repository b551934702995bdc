// Rows of quantized models: scales, zero points and weights of each row become those of an axis.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

template <typename T>
ValueId constant_of(GraphCase& t, const Shape& shape, const std::vector<T>& values) {
  return t.graph().add_constant(Tensor::from<T>(shape, values), "c");
}

ValueId quantized(GraphCase& t, ValueId x, float scale, uint8_t zero) {
  ValueId s = t.floats({}, {scale});
  ValueId z = constant_of<uint8_t>(t, {}, {zero});
  return t.node("DequantizeLinear", {t.node("QuantizeLinear", {x, s, z}), s, z});
}

// Scales for each output channel, or one for all of them.
ValueId quantized_weight(GraphCase& t, int row, bool by_channel) {
  const Shape shape{5, kChannels, 3};
  std::vector<int8_t> values;
  for (int64_t i = 0; i < element_count(shape); ++i) {
    values.push_back(static_cast<int8_t>((i * 37 + row * 11) % 251 - 125));
  }
  std::vector<float> scales;
  for (int i = 0; i < (by_channel ? 5 : 1); ++i) {
    scales.push_back(0.01F + 0.003F * static_cast<float>(i + row));
  }
  Shape scale_shape = by_channel ? Shape{5} : Shape{};
  return t.node("DequantizeLinear",
                {constant_of<int8_t>(t, shape, values), t.floats(scale_shape, scales)},
                {{"axis", int64_t{0}}});
}

ValueId quantized_bias(GraphCase& t, int row) {
  return t.node("DequantizeLinear",
                {constant_of<int32_t>(t, {5}, {row, 20, -30, 40 * row, 7}), t.floats({}, {0.01F})});
}

Branch quantized_branch(bool by_channel, bool alike) {
  return [=](GraphCase& t, ValueId x, int row) {
    const auto step = static_cast<float>(alike ? 0 : row);
    ValueId y = quantized(t, x, 0.02F + 0.001F * step, static_cast<uint8_t>(120 + step));
    y = t.node("Conv", {y, quantized_weight(t, row, by_channel), quantized_bias(t, row)});
    return quantized(t, t.node("Relu", {y}), 0.03F + 0.002F * step, 3);
  };
}

TEST(MergeQuantized, RowsBecomeOneConvolutionOfIntegers) {
  for (bool by_channel : {false, true}) {
    for (bool alike : {false, true}) {
      Rows rows("batch");
      rows.test.output(join(rows.test, rows.apply(quantized_branch(by_channel, alike))));
      RewriteReport report = rows.check();
      EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
      EXPECT_EQ(rows.test.count("QuantizeLinear"), 2);
      EXPECT_EQ(rows.test.count("DequantizeLinear"), 4);  // two of them of the weight and the bias
    }
  }
}

TEST(MergeQuantized, OneWeightKeepsTheAxis) {
  Rows rows;
  ValueId w = quantized_weight(rows.test, 1, true);
  auto branch = [w](GraphCase& t, ValueId x, int row) {
    return t.node("Conv", {quantized(t, x, 0.02F + 0.001F * static_cast<float>(row), 128), w});
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
}

TEST(MergeQuantized, ScalesOfAnAxisStayOnTheirOwn) {
  Rows rows;
  auto branch = [](GraphCase& t, ValueId x, int row) {
    // One row has its scales along an axis of its own.
    ValueId s = row == 2 ? t.floats({kChannels}, {0.01F, 0.02F, 0.03F}) : t.floats({}, {0.02F});
    ValueId z = row == 2 ? constant_of<uint8_t>(t, {kChannels}, {1, 2, 3})
                         : constant_of<uint8_t>(t, {}, {100});
    ValueId q = t.node("QuantizeLinear", {x, s, z});
    return conv(t, t.node("DequantizeLinear", {q, s, z}));
  };
  rows.test.output(join(rows.test, rows.apply(branch)));
  rows.check();
  EXPECT_GE(rows.test.count("QuantizeLinear"), 2);
}

}  // namespace
}  // namespace convoy::testing
