// What a session computes on integers is, within one step of the result's scale, what the operators
// between DequantizeLinear and QuantizeLinear give: random operators, types, scales and zero
// points.
#include <algorithm>
#include <cmath>

#include "tests/fuzz/dice.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/ops/rewrites/check_equal.h"
#include "tests/ops/rewrites/near_misses.h"
#include "tests/rewrite/quantized_case.h"

namespace convoy::testing {
namespace {

RewriteOptions on_integers() {
  RewriteOptions options = lowering();
  options.multiplies_bytes = true;
  return options;
}

Tensor random_bytes(Dice& dice, DType dtype, const Shape& shape) {
  Tensor tensor = Tensor::allocate(dtype, shape);
  auto* bytes = static_cast<uint8_t*>(tensor.raw());
  for (int64_t i = 0; i < tensor.count(); ++i) bytes[i] = static_cast<uint8_t>(dice.below(256));
  return tensor;
}

class LayerOfBytes {
 public:
  LayerOfBytes(GraphCase& test, Dice& dice)
      : test_(test), dice_(dice), dtype_(dice.chance(50) ? DType::kUInt8 : DType::kInt8) {}

  // An input of the type, dequantized.
  ValueId input(const std::string& name, const Shape& shape) {
    feeds_[name] = random_bytes(dice_, dtype_, shape);
    const ValueId bytes = test_.input(name, {shape.begin(), shape.end()}, dtype_);
    return dequantized(bytes, dtype_, {}, 0.01F, {});
  }

  ValueId weight(const Shape& shape, int64_t axis) {
    const DType dtype = dice_.chance(70) ? DType::kInt8 : DType::kUInt8;
    const Shape per = dice_.chance(50) ? Shape{} : Shape{shape[static_cast<int>(axis)]};
    const ValueId bytes = test_.graph().add_constant(random_bytes(dice_, dtype, shape), "w");
    return dequantized(bytes, dtype, per, 0.004F, {{"axis", axis}});
  }

  // Of the whole operator; `largest` is about what it comes to.
  void output(ValueId floats, double largest, bool may_clip = true) {
    Tensor zero = random_bytes(dice_, dtype_, {});
    if (may_clip && dice_.chance(50)) {
      floats = clipped(floats, largest);
      if (dice_.chance(80)) {  // as quantizers have it
        *static_cast<uint8_t*>(zero.raw()) = dtype_ == DType::kInt8 ? 0x80 : 0;
      }
    }
    const auto scale = static_cast<float>(largest / (dice_.chance(50) ? 100 : 255));
    test_.output(test_.node("QuantizeLinear", {floats, test_.floats({}, {scale}),
                                               test_.graph().add_constant(zero, "zero")}));
  }

  const Feeds& feeds() const { return feeds_; }

 private:
  ValueId dequantized(ValueId bytes, DType dtype, const Shape& per, float scale,
                      Attributes attributes) {
    std::vector<ValueId> inputs = {
        bytes, test_.graph().add_constant(dice_.floats(per, scale, 2 * scale), "s")};
    if (dice_.chance(80)) {
      const bool plain = dtype == DType::kInt8 && dice_.chance(60);
      inputs.push_back(test_.graph().add_constant(
          plain ? Tensor::zeros(dtype, per) : random_bytes(dice_, dtype, per), "zero"));
    }
    return test_.node("DequantizeLinear", std::move(inputs), std::move(attributes));
  }

  ValueId clipped(ValueId floats, double largest) {
    if (dice_.chance(60)) return test_.node("Relu", {floats});
    const auto high = static_cast<float>(largest * (dice_.chance(50) ? 1.5 : 0.4));
    return test_.node("Clip", {floats, test_.floats({}, {0}), test_.floats({}, {high})});
  }

  GraphCase& test_;
  Dice& dice_;
  DType dtype_;
  Feeds feeds_;
};

void add_conv(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  const int64_t rank = dice.between(1, 2), groups = dice.chance(60) ? 1 : dice.between(2, 5);
  const int64_t in = dice.between(1, 9), out = dice.between(1, 20);
  Shape x{dice.between(1, 3), groups * in}, w{groups * out, in};
  Attributes attributes = {{"group", groups}};
  std::vector<int64_t> pads, strides;
  for (int64_t i = 0; i < rank; ++i) {
    x.push_back(dice.between(5, rank == 1 ? 50 : 12));
    w.push_back(dice.between(1, 4));
    pads.push_back(dice.between(0, 2));
    strides.push_back(dice.between(1, 2));
  }
  for (int64_t i = 0; i < rank; ++i) pads.push_back(dice.between(0, 2));
  attributes["pads"] = pads;
  attributes["strides"] = strides;
  const int64_t channels = groups * out;
  std::vector<ValueId> inputs = {layer.input("x", x), layer.weight(w, 0)};
  if (dice.chance(60)) {
    inputs.push_back(test.graph().add_constant(dice.floats({channels}), "b"));
  }
  const double terms = static_cast<double>(element_count(w)) / static_cast<double>(channels);
  layer.output(test.node("Conv", std::move(inputs), std::move(attributes)), std::sqrt(terms));
}

void add_matmul(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  const int64_t k = dice.between(1, 90), n = dice.between(1, 50);
  Shape a{dice.between(1, 30), k};
  if (dice.chance(30)) a.insert(0, dice.between(1, 3));
  const ValueId x = layer.input("x", a);
  layer.output(test.node("MatMul", {x, layer.weight({k, n}, 1)}),
               std::sqrt(static_cast<double>(k)));
}

void add_binary(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  const int64_t n = dice.between(1, 70);
  const ValueId a = layer.input("x", {3, n});
  const ValueId b = layer.input("z", dice.chance(70) ? Shape{3, n} : Shape{n});
  layer.output(test.node(dice.chance(50) ? "Add" : "Mul", {a, b}), 3);
}

void add_gemm(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  const int64_t m = dice.between(1, 20), k = dice.between(1, 90);
  const int64_t n = dice.chance(30) ? m : dice.between(1, 50);
  const bool turned = dice.chance(60);
  std::vector<ValueId> inputs = {layer.input("x", {m, k}),
                                 layer.weight(turned ? Shape{n, k} : Shape{k, n}, turned ? 0 : 1)};
  const std::vector<Shape> of_c = {{n}, {1, n}, {m, 1}, {1}};
  if (dice.chance(70)) {
    inputs.push_back(test.graph().add_constant(dice.floats(dice.pick(of_c)), "b"));
  }
  layer.output(test.node("Gemm", std::move(inputs), {{"transB", int64_t{turned}}}),
               std::sqrt(static_cast<double>(k)));
}

void add_concat(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  std::vector<ValueId> parts;
  const int64_t count = dice.between(2, 4);
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(layer.input("x" + std::to_string(i), {2, dice.between(1, 20), 5}));
  }
  layer.output(test.node("Concat", std::move(parts), {{"axis", int64_t{1}}}), 3);
}

void add_function(GraphCase& test, Dice& dice, LayerOfBytes& layer) {
  const ValueId x = layer.input("x", {3, dice.between(1, 300)});
  const std::vector<std::string> functions = {"Sigmoid", "HardSwish", "Tanh", "LeakyRelu",
                                              "Elu",     "Softplus",  "Abs",  "Relu"};
  ValueId y = test.node(dice.pick(functions), {x});
  if (dice.chance(30)) y = test.node("Mul", {x, test.node("HardSigmoid", {x})});
  layer.output(y, 2, false);
}

int64_t difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> left = to_doubles(a), right = to_doubles(b);
  EXPECT_EQ(left.size(), right.size());
  double most = 0;
  for (size_t i = 0; i < left.size(); ++i) most = std::max(most, std::abs(left[i] - right[i]));
  return static_cast<int64_t>(most);
}

TEST(OnIntegers, RandomLayersAreWithinAStep) {
  const uint64_t seed = fuzz_seed();
  int on_bytes = 0;
  constexpr int kLayers = 600;
  for (uint64_t number = 0; number < kLayers; ++number) {
    Dice dice(seed * 1000 + number);
    GraphCase test;
    LayerOfBytes layer(test, dice);
    dice.pick(std::vector{add_conv, add_conv, add_matmul, add_gemm, add_binary, add_concat,
                          add_function})(test, dice, layer);
    test.finish();
    const Tensor before = evaluate_graph(test.graph(), layer.feeds())[0];
    test.optimize(on_integers());
    const Tensor after = evaluate_graph(test.graph(), layer.feeds())[0];
    ASSERT_EQ(after.dtype(), before.dtype());
    ASSERT_LE(difference(after, before), 1) << "CONVOY_FUZZ_SEED=" << seed << ", number " << number;
    if (test.count("QuantizeLinear") == 0) ++on_bytes;
  }
  EXPECT_GT(on_bytes, kLayers / 2);
}

TEST(OnIntegers, MovedAsTheyAre) {
  for (const char* type : {"MaxPool", "Transpose", "Flatten", "Slice"}) {
    GraphCase test;
    ValueId x = quantized_and_back<uint8_t>(test, test.input("x", {2, 3, 8}), 0.01F, 7);
    std::vector<ValueId> inputs = {x};
    Attributes attributes;
    if (std::string(type) == "MaxPool") attributes["kernel_shape"] = std::vector<int64_t>{2};
    if (std::string(type) == "Slice") {
      inputs.insert(inputs.end(), {test.ints({1}), test.ints({3}), test.ints({1})});
    }
    test.output(quantized_and_back<uint8_t>(test, test.node(type, inputs, attributes), 0.01F, 7));
    check_equal(test, on_integers());
    EXPECT_EQ(test.count("QuantizeLinear"), 1) << type;
  }
}

// Each time something else keeps it from being an integer convolution, but for the first.
TEST(OnIntegers, OnlyWhatFits) {
  enum { kFits, kReadElsewhere, kOtherType, kScaleOfAxis, kCutsOff, kFineBias, kOtherAxis, kEnd };
  for (int near = kFits; near < kEnd; ++near) {
    GraphCase test;
    const ValueId input = test.input("x", {2, 3, 8});
    ValueId x = near == kOtherType ? quantized_and_back<int8_t>(test, input, 0.01F, 7)
                                   : quantized_and_back<uint8_t>(test, input, 0.01F, 7);
    if (near == kScaleOfAxis) {
      const Attributes axis{{"axis", int64_t{1}}};
      const ValueId scale = test.floats({3}, {0.01F, 0.02F, 0.01F});
      x = test.node("DequantizeLinear", {test.node("QuantizeLinear", {input, scale}, axis), scale},
                    axis);
    }
    const float bias = near == kFineBias ? 0.95F : 1.0F;
    const float step = near == kFineBias ? 10.0F : 0.01F;  // of the weights
    const ValueId weight =
        test.node("DequantizeLinear",
                  {constant_of<int8_t>(test, {2, 3, 2}, {1, -2, 3, 0, 5, -6, 7, 8, 0, 1, 1, -3}),
                   near == kOtherAxis ? test.floats({2}, {step, step}) : test.floats({}, {step})},
                  {{"axis", int64_t{near == kOtherAxis ? 2 : 0}}});
    const ValueId y = test.node("Conv", {x, weight, test.floats({2}, {bias, bias})});
    if (near == kReadElsewhere) tap(test, y);
    const ValueId clipped = test.node(
        "Clip", {y, test.floats({}, {0}), test.floats({}, {near == kCutsOff ? 1.F : 9.F})});
    test.output(quantized_and_back<uint8_t>(test, clipped, 0.02F, 0));
    check_equal(test, on_integers(), 0.05);
    EXPECT_EQ(test.count("QLinearConv"), near == kFits ? 1 : 0) << near;
  }
}

TEST(OnIntegers, OnlyWhereBytesAreMultiplied) {
  GraphCase test;
  ValueId x = quantized_and_back<uint8_t>(test, test.input("x", {2, 3, 8}), 0.01F, 7);
  ValueId y = test.node("Conv", {x, dequantized_weight(test, {4, 3, 3})});
  test.output(quantized_and_back<uint8_t>(test, y, 0.02F, 9));
  check_equal(test, lowering());
  EXPECT_EQ(test.count("QLinearConv"), 0);
}

// What onnxruntime's quantize_dynamic writes for a layer, and what keeps scale or bias out of it.
TEST(OnIntegers, TakeScaleAndBiasOfADynamicProduct) {
  enum { kFits, kNoBias, kScalePerColumn, kColumnScale, kWideBias, kReadElsewhere, kEnd };
  for (int near = kFits; near < kEnd; ++near) {
    GraphCase test;
    ValueId x = test.input("x", {2, 5, 7});
    const std::vector<ValueId> q =
        test.build().nodes("DynamicQuantizeLinear", {x}, {}, {{}, {}, {}});
    std::vector<int8_t> weights;
    for (int i = 0; i < 7 * 5; ++i) weights.push_back(static_cast<int8_t>(i * 37 % 251 - 125));
    const ValueId product =
        test.node("MatMulInteger", {q[0], constant_of<int8_t>(test, {7, 5}, weights), q[2],
                                    constant_of<int8_t>(test, {}, {3})});
    const ValueId floats = test.node("Cast", {product}, {{"to", int64_t{1}}});
    ValueId own = test.floats({}, {0.02F});
    if (near == kScalePerColumn) own = test.floats({5}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F});
    if (near == kColumnScale) own = test.floats({5, 1}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F});
    ValueId y = test.node("Mul", {floats, test.node("Mul", {q[1], own})});
    if (near == kReadElsewhere) tap(test, floats);
    const Shape bias = near == kWideBias ? Shape{5, 1} : Shape{5};
    if (near != kNoBias) y = test.node("Add", {y, test.weight(bias)});
    test.output(y);
    check_equal(test, lowering());
    const bool scaled = near != kColumnScale && near != kReadElsewhere;
    EXPECT_EQ(test.count("ScaledMatMulInteger"), scaled ? 1 : 0) << near;
    EXPECT_EQ(test.graph().node_count() == 3U, scaled && near != kWideBias) << near;
  }
}

}  // namespace
}  // namespace convoy::testing
