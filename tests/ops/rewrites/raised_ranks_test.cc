// Constants of one element that give a result more axes than x has: 1, 1, 2, 3 of 2, 3.
#include <cmath>

#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

const Shape kRaised{1, 1, 1, 1};

// Of x: what a composition is written as, its last constant of that shape.
using Written = std::function<ValueId(GraphCase&, ValueId x, const Shape& last)>;

ValueId written_gelu(GraphCase& test, ValueId x, const Shape& last) {
  ValueId erf = test.node("Erf", {test.node("Div", {x, test.floats({}, {1.41421354F})})});
  ValueId sum = test.node("Add", {test.floats({}, {1}), erf});
  return test.node("Mul", {test.node("Mul", {x, sum}), test.floats(last, {0.5F})});
}

ValueId written_gelu_tanh(GraphCase& test, ValueId x, const Shape& last) {
  ValueId cube = test.node("Pow", {x, test.floats(last, {3})});
  ValueId inner = test.node("Add", {x, test.node("Mul", {cube, test.floats({}, {0.044715F})})});
  ValueId tanh = test.node("Tanh", {test.node("Mul", {inner, test.floats({}, {0.79788456F})})});
  ValueId sum = test.node("Add", {tanh, test.floats({}, {1})});
  return test.node("Mul", {test.node("Mul", {x, sum}), test.floats({}, {0.5F})});
}

ValueId written_hard_swish(GraphCase& test, ValueId x, const Shape& last) {
  ValueId sum = test.node("Add", {x, test.floats({}, {3})});
  ValueId clipped = test.node("Clip", {sum, test.floats({}, {0}), test.floats({}, {6})});
  return test.node("Div", {test.node("Mul", {x, clipped}), test.floats(last, {6})});
}

ValueId written_layer_normalization(GraphCase& test, ValueId x, const Shape& last) {
  Attributes axes{{"axes", List{-1}}};
  ValueId centred = test.node("Sub", {x, test.node("ReduceMean", {x}, axes)});
  ValueId square = test.node("Mul", {centred, centred});
  ValueId variance = test.node("ReduceMean", {square}, axes);
  ValueId sum = test.node("Add", {variance, test.floats(last, {1e-5F})});
  ValueId y = test.node("Div", {centred, test.node("Sqrt", {sum})});
  return test.node("Add", {test.node("Mul", {y, test.weight({3})}), test.weight({3})});
}

ValueId written_rms_normalization(GraphCase& test, ValueId x, const Shape& last) {
  ValueId mean = test.node("ReduceMean", {test.node("Mul", {x, x})}, {{"axes", List{-1}}});
  ValueId root = test.node("Sqrt", {test.node("Add", {mean, test.floats(last, {1e-3F})})});
  return test.node("Mul", {test.node("Div", {x, root}), test.positive({3})});
}

TEST(RaisedRanks, CompositionsOfThemStay) {
  const std::pair<const char*, Written> forms[] = {
      {"Gelu", written_gelu},
      {"Gelu", written_gelu_tanh},
      {"HardSwish", written_hard_swish},
      {"LayerNormalization", written_layer_normalization},
      {"RMSNormalization", written_rms_normalization}};
  for (const auto& [name, written] : forms) {
    for (const Shape& last : {Shape{}, Shape{1}, kRaised}) {
      GraphCase test(17);
      test.output(written(test, test.input("x", {2, 3}), last));
      check_equal(test, lowering());
      EXPECT_EQ(test.count(name), last == kRaised ? 0 : 1) << name << to_string(last);
    }
  }
}

TEST(RaisedRanks, AnExponentGivesItsOwn) {
  for (float exponent : {1.0F, 2.0F, 3.0F, -1.0F, 0.5F, 1.5F}) {
    GraphCase test;
    ValueId x = test.node("Exp", {test.input("x", {2, 3})});
    ValueId power = test.node("Pow", {x, test.floats(kRaised, {exponent})});
    test.output(test.node("Relu", {power}));
    check_equal(test, lowering());
  }
}

TEST(RaisedRanks, APowerAloneHasThoseOfItsExponent) {
  for (float exponent : {1.0F, 2.0F, 3.0F, -1.0F, 0.5F}) {
    GraphCase test;
    ValueId x = test.input("x", {2, 3});
    test.output(test.node("Pow", {x, test.floats(kRaised, {exponent})}));
    test.finish();
    const std::vector<float> squares = {1, 4, 9, 16, 25, 36};
    Tensor values = Tensor::from<float>({2, 3}, squares);
    Tensor powers = evaluate_graph(test.graph(), {{"x", values}})[0];
    std::vector<double> expected = to_doubles(values);
    for (double& value : expected) value = std::pow(value, exponent);
    ASSERT_EQ(powers.shape(), (Shape{1, 1, 2, 3}));
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(to_doubles(powers)[i], expected[i], 1e-6 * expected[i]);
    }
  }
}

}  // namespace
}  // namespace convoy::testing
