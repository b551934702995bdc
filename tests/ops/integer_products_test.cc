// The kernels of quantized products and convolutions on integers give the reference's numbers, for
// random sizes, types and zero points.
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "runtime/device/machine.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

class Drawing {
 public:
  explicit Drawing(uint64_t seed) : random_(seed) {}

  int64_t number(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  DType type() { return number(0, 1) == 0 ? DType::kUInt8 : DType::kInt8; }
  Tensor bytes(DType dtype, const Shape& shape) {
    Tensor tensor = Tensor::allocate(dtype, shape);
    auto* data = static_cast<uint8_t*>(tensor.raw());
    for (int64_t i = 0; i < tensor.count(); ++i) data[i] = static_cast<uint8_t>(random_());
    return tensor;
  }
  Tensor scales(const Shape& shape) {
    Tensor tensor = Tensor::allocate(DType::kFloat32, shape);
    auto* data = tensor.mutable_data<float>();
    for (int64_t i = 0; i < tensor.count(); ++i) {
      data[i] = std::uniform_real_distribution<float>(0.001F, 0.02F)(random_);
    }
    return tensor;
  }

 private:
  std::mt19937_64 random_;
};

// x, w and their zero points in the order of the operator, with or without scales.
std::vector<Tensor> operands(Drawing& draw, bool linear, const Shape& x, const Shape& w,
                             int64_t channels) {
  const DType x_type = draw.type(), w_type = draw.type();
  const Shape per_channel = draw.number(0, 1) == 0 ? Shape{} : Shape{channels};
  Tensor x_zero = draw.bytes(x_type, {}), w_zero = draw.bytes(w_type, per_channel);
  if (draw.number(0, 1) == 0) {  // weights less it are bytes again
    std::memset(w_zero.raw(), w_type == DType::kInt8 ? 0 : 128,
                static_cast<size_t>(w_zero.count()));
  }
  if (!linear) return {draw.bytes(x_type, x), draw.bytes(w_type, w), x_zero, w_zero};
  return {draw.bytes(x_type, x),     draw.scales({}),          x_zero,
          draw.bytes(w_type, w),     draw.scales(per_channel), w_zero,
          tensor<float>({}, {0.5F}), draw.bytes(x_type, {})};
}

OpCase draw_product(Drawing& draw) {
  OpCase c;
  const bool linear = draw.number(0, 1) == 1;
  const int64_t m = draw.number(1, 60), k = draw.number(1, 200), n = draw.number(1, 70);
  c.op = linear ? "QLinearMatMul" : "MatMulInteger";
  c.inputs = operands(draw, linear, {m, k}, {k, n}, n);
  c.constants = linear ? std::vector<int>{3, 5} : std::vector<int>{1, 3};
  return c;
}

OpCase draw_conv(Drawing& draw) {
  OpCase c;
  const bool linear = draw.number(0, 1) == 1;
  const int64_t groups = draw.number(1, 2), in = draw.number(1, 9), out = draw.number(1, 40);
  Shape x{draw.number(1, 3), groups * in}, w{groups * out, in};
  Ints strides, dilations, pads, ends;
  const int64_t rank = draw.number(1, 3);
  for (int64_t i = 0; i < rank; ++i) {
    w.push_back(draw.number(1, 3));
    strides.push_back(draw.number(1, 2));
    dilations.push_back(draw.number(1, 2));
    pads.push_back(draw.number(0, 3));
    ends.push_back(draw.number(0, 3));
    x.push_back(draw.number((w.back() - 1) * dilations.back() + 1, rank == 1 ? 60 : 11));
  }
  pads.insert(pads.end(), ends.begin(), ends.end());
  c.op = linear ? "QLinearConv" : "ConvInteger";
  c.inputs = operands(draw, linear, x, w, groups * out);
  if (linear && draw.number(0, 1) == 1) {
    Tensor bias = Tensor::allocate(DType::kInt32, {groups * out});
    for (int64_t i = 0; i < bias.count(); ++i) {
      bias.mutable_data<int32_t>()[i] = static_cast<int32_t>(draw.number(-30000, 30000));
    }
    c.inputs.push_back(bias);
  }
  c.constants = linear ? std::vector<int>{3, 5} : std::vector<int>{1, 3};
  c.attributes = {
      {"strides", strides}, {"dilations", dilations}, {"pads", pads}, {"group", int64_t{groups}}};
  return c;
}

void check(OpCase (*make)(Drawing&)) {
  const uint64_t seed = testing::fuzz_seed();
  for (uint64_t number = 0; number < 150; ++number) {
    Drawing draw(seed * 1000 + number);
    OpCase c = make(draw);
    c.expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
    const Tensor reference = evaluate_case(c, c.inputs, "reference")[0];
    const Tensor result = evaluate_case(c, c.inputs, "integer")[0];
    ASSERT_TRUE(identical(result, reference))
        << c.op << ", CONVOY_FUZZ_SEED=" << seed << ", number " << number;
  }
}

TEST(IntegerProducts, OfMatricesAreExact) { check(draw_product); }
TEST(IntegerProducts, OfConvolutionsAreExact) { check(draw_conv); }

}  // namespace
}  // namespace convoy
