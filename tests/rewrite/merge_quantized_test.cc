// Rows of quantized models: scales, zero points and weights of each row become those of an axis.
#include "tests/rewrite/quantized_case.h"
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

ValueId quantized_bias(GraphCase& t, int row) {
  return t.node("DequantizeLinear",
                {constant_of<int32_t>(t, {5}, {row, 20, -30, 40 * row, 7}), t.floats({}, {0.01F})});
}

Branch quantized_branch(bool by_channel, bool alike) {
  return [=](GraphCase& t, ValueId x, int row) {
    const auto step = static_cast<float>(alike ? 0 : row);
    ValueId y =
        quantized_and_back<uint8_t>(t, x, 0.02F + 0.001F * step, static_cast<uint8_t>(120 + step));
    y = t.node("Conv", {y, dequantized_weight(t, {5, kChannels, 3}, row, by_channel),
                        quantized_bias(t, row)});
    return quantized_and_back<uint8_t>(t, t.node("Relu", {y}), 0.03F + 0.002F * step, 3);
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
  ValueId w = dequantized_weight(rows.test, {5, kChannels, 3}, 1);
  auto branch = [w](GraphCase& t, ValueId x, int row) {
    return t.node(
        "Conv",
        {quantized_and_back<uint8_t>(t, x, 0.02F + 0.001F * static_cast<float>(row), 128), w});
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
