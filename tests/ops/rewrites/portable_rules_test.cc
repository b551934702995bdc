// Portable rules: each matches; near misses do not; values used elsewhere stay right; the written
// model computes the same.
#include <functional>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/session/session.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

std::vector<Tensor> run_written(Model& model) {
  SessionOptions plain;
  plain.optimize = false;
  plain.threads = 1;
  std::string bytes = serialize_model(model);
  Session session(read_model_bytes(std::as_bytes(std::span(bytes)), "case.onnx"), plain);
  convoy::Feeds feeds;
  uint32_t seed = 5;
  for (const ValueDescription& input : session.inputs()) {
    Shape shape;
    for (const Dimension& dim : *input.type.shape) shape.push_back(dim.known() ? dim.size : 3);
    feeds.emplace_back(input.name, random_floats(shape, seed++));
  }
  std::vector<Tensor> outputs;
  for (const Value& value : session.run(feeds)) outputs.push_back(value.tensor().contiguous());
  return outputs;
}

// Optimizes, and compares what the written models compute.
RewriteReport check(GraphCase& test, const RewriteOptions& options = {}) {
  test.finish();
  std::vector<Tensor> before = run_written(test.model());
  RewriteReport report = test.optimize(options);
  expect_close(run_written(test.model()), before, 1e-5);
  return report;
}

// --- transposes ---

TEST(PortableRules, TransposesAroundElementwiseOperatorsCancel) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 4});
  ValueId y = test.input("y", {2, 3, 4});
  ValueId a = test.node("Transpose", {x}, {{"perm", List{2, 0, 1}}});
  ValueId b = test.node("Transpose", {y}, {{"perm", List{2, 0, 1}}});
  ValueId sum = test.node("Add", {test.node("Mul", {a, test.weight({2, 1})}), b});
  sum = test.node("Relu", {test.node("Add", {sum, test.weight({3})})});
  test.output(test.node("Transpose", {sum}, {{"perm", List{1, 2, 0}}}));
  EXPECT_EQ(check(test).count("push_transposes"), 1);
  EXPECT_EQ(test.count("Transpose"), 0);
}

TEST(PortableRules, ATransposeThatIsReadElsewhereStaysBeside) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId turned = test.node("Transpose", {x}, {{"perm", List{1, 0}}});
  test.output(test.node("Transpose", {test.node("Sigmoid", {turned})}, {{"perm", List{1, 0}}}));
  test.output(turned, "turned");
  check(test);
  EXPECT_EQ(test.count("Transpose"), 1);
}

TEST(PortableRules, TransposesThatWouldMultiplyStay) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3, 4});
  ValueId y = test.input("y", {2, 4, 3});
  ValueId a = test.node("Transpose", {x}, {{"perm", List{0, 2, 1}}});
  ValueId sum = test.node("Add", {a, y});
  test.output(test.node("Transpose", {sum}, {{"perm", List{0, 2, 1}}}));
  EXPECT_EQ(check(test).count("push_transposes"), 0);
  EXPECT_EQ(test.count("Transpose"), 2);
}

TEST(PortableRules, TransposesDoNotMoveThroughValuesReadElsewhere) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId turned = test.node("Transpose", {x}, {{"perm", List{1, 0}}});
  ValueId middle = test.node("Tanh", {turned});
  test.output(test.node("Transpose", {middle}, {{"perm", List{1, 0}}}));
  test.output(middle, "middle");
  EXPECT_EQ(check(test).count("push_transposes"), 0);
}

TEST(PortableRules, TransposesDoNotMoveThroughOperatorsAlongAnAxis) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId turned = test.node("Transpose", {x}, {{"perm", List{1, 0}}});
  ValueId middle = test.node("Softmax", {turned}, {{"axis", int64_t{1}}});
  test.output(test.node("Transpose", {middle}, {{"perm", List{1, 0}}}));
  EXPECT_EQ(check(test).count("push_transposes"), 0);
}

// --- chains ---

ValueId slice(GraphCase& test, ValueId x, List starts, List ends, List axes) {
  return test.node("Slice", {x, test.ints(starts), test.ints(ends), test.ints(axes)});
}

TEST(PortableRules, SlicesOfOneAxisCompose) {
  GraphCase test;
  ValueId x = test.input("x", {"n", 10});
  ValueId inner = slice(test, x, {2}, {-1}, {1});
  test.output(slice(test, inner, {-5}, {100}, {-1}));
  EXPECT_EQ(check(test).count("compose_slices"), 1);
  EXPECT_EQ(test.count("Slice"), 1);
}

TEST(PortableRules, SlicesOfOtherAxesStay) {
  GraphCase test;
  ValueId x = test.input("x", {6, 10});
  test.output(slice(test, slice(test, x, {2}, {9}, {1}), {1}, {4}, {0}));
  EXPECT_EQ(check(test).count("compose_slices"), 0);
}

TEST(PortableRules, SlicesOfUnknownSizesAndOtherStepsStay) {
  GraphCase test;
  ValueId x = test.input("x", {"n", 10});
  test.output(slice(test, slice(test, x, {0}, {2}, {0}), {0}, {1}, {0}), "unknown");
  ValueId stepped =
      test.node("Slice", {x, test.ints({0}), test.ints({10}), test.ints({1}), test.ints({2})});
  test.output(slice(test, stepped, {1}, {3}, {1}), "stepped");
  EXPECT_EQ(check(test).count("compose_slices"), 0);
}

TEST(PortableRules, AnInnerSliceThatIsAnOutputStaysBeside) {
  GraphCase test;
  ValueId x = test.input("x", {4, 10});
  ValueId inner = slice(test, x, {2}, {9}, {1});
  test.output(slice(test, inner, {1}, {3}, {1}));
  test.output(inner, "inner");
  EXPECT_EQ(check(test).count("compose_slices"), 1);
  EXPECT_EQ(test.count("Slice"), 2);
}

TEST(PortableRules, UnsqueezesAndSqueezesOfUnknownSizesCompose) {
  GraphCase test;
  ValueId x = test.input("x", {"a", "b", "c"});
  ValueId once = test.node("Unsqueeze", {x, test.ints({1, -1})});
  ValueId twice = test.node("Unsqueeze", {once, test.ints({0, 3})});
  test.output(test.node("Relu", {twice}), "wide");
  ValueId less = test.node("Squeeze", {test.node("Sigmoid", {twice}), test.ints({3})});
  test.output(test.node("Squeeze", {less, test.ints({0, 2})}), "narrow");
  RewriteReport report = check(test);
  EXPECT_EQ(report.count("compose_unsqueezes"), 1);
  EXPECT_EQ(report.count("compose_squeezes"), 1);
}

TEST(PortableRules, ASqueezeWithoutAxesStays) {
  GraphCase test;
  ValueId x = test.input("x", {1, 3, 1, 4});
  test.output(test.node("Squeeze", {test.node("Squeeze", {x, test.ints({0})})}));
  EXPECT_EQ(check(test).count("compose_squeezes"), 0);
}

// --- constants ---

TEST(PortableRules, EqualConstantsBecomeOne) {
  GraphCase test;
  ValueId x = test.input("x", {2, 8});
  Tensor w = random_floats({8, 8}, 3);
  Tensor almost = w.clone();
  almost.mutable_data<float>()[63] += 1;
  ValueId y = test.node("MatMul", {x, test.graph().add_constant(w)});
  y = test.node("MatMul", {test.node("Tanh", {y}), test.graph().add_constant(w.clone())});
  y = test.node("MatMul", {test.node("Tanh", {y}), test.graph().add_constant(almost)});
  y = test.node("MatMul",
                {test.node("Tanh", {y}), test.graph().add_constant(w.clone().reshaped({8, 8}))});
  test.output(y);
  EXPECT_EQ(check(test).count("merge_equal_constants"), 2);
}

TEST(PortableRules, ConstantsOfEqualBytesAndOtherShapesStay) {
  GraphCase test;
  ValueId x = test.input("x", {64});
  Tensor w = random_floats({64}, 3);
  ValueId y = test.node("Add", {x, test.graph().add_constant(w)});
  y = test.node("Mul",
                {test.node("Tanh", {y}), test.graph().add_constant(w.clone().reshaped({1, 64}))});
  test.output(y);
  EXPECT_EQ(check(test).count("merge_equal_constants"), 0);
}

// --- compositions ---

ValueId rms_normalized(GraphCase& test, ValueId x, List axes, float power) {
  ValueId square = test.node("Pow", {x, test.floats({}, {power})});
  ValueId mean = test.node("ReduceMean", {square, test.ints(axes)});
  ValueId root = test.node("Sqrt", {test.node("Add", {mean, test.floats({}, {1e-3F})})});
  return test.node("Mul", {x, test.node("Div", {test.floats({}, {1}), root})});
}

TEST(PortableRules, RmsNormalizationIsRecognizedWhereTheOpsetHasIt) {
  for (int opset : {22, 23}) {
    GraphCase test(opset);
    ValueId x = test.input("x", {"n", 4, 8});
    ValueId y = rms_normalized(test, x, {-1}, 2);
    test.output(test.node("Mul", {test.positive({8}), y}));
    EXPECT_EQ(check(test).count("recognize_rms_normalization"), opset == 23 ? 1 : 0);
  }
}

TEST(PortableRules, OtherMeansAreNoRmsNormalization) {
  for (const auto& [axes, power] : {std::pair(List{1}, 2.0F), std::pair(List{-1}, 4.0F)}) {
    GraphCase test(23);
    ValueId x = test.input("x", {"n", 8, 8});
    test.output(test.node("Mul", {rms_normalized(test, x, axes, power), test.positive({8})}));
    EXPECT_EQ(check(test).count("recognize_rms_normalization"), 0);
  }
}

TEST(PortableRules, AnRmsNormalizationWhoseRootIsReadElsewhereStays) {
  GraphCase test(23);
  ValueId x = test.input("x", {2, 4, 8});
  ValueId y = rms_normalized(test, x, {-1}, 2);
  test.output(test.node("Mul", {y, test.positive({8})}));
  test.output(test.node("Exp", {y}), "other");
  EXPECT_EQ(check(test).count("recognize_rms_normalization"), 0);
}

struct AttentionForm {
  int opset = 23;
  List perm = {0, 1, 3, 2};
  int64_t axis = -1;
  float factor = 0.5F;
  int64_t key_heads = 2;
  bool masked = true;
  bool shared_scores = false;
  int64_t batch = 2;
  List mask = {4, 4};
  Shape factor_shape = {};
};

int recognized(const AttentionForm& form, const RewriteOptions& options = {}) {
  GraphCase test(form.opset);
  ValueId q = test.input("q", {form.batch, 2, 4, 4});
  ValueId k = test.input("k", {form.batch, form.key_heads, 4, 4});
  ValueId v = test.input("v", {form.batch, 2, 4, 5});
  ValueId scores = test.node("MatMul", {q, test.node("Transpose", {k}, {{"perm", form.perm}})});
  scores = test.node("Mul", {scores, test.floats(form.factor_shape, {form.factor})});
  std::vector<Dim> mask(form.mask.begin(), form.mask.end());
  if (form.masked) scores = test.node("Add", {scores, test.input("mask", mask)});
  ValueId weights = test.node("Softmax", {scores}, {{"axis", form.axis}});
  test.output(test.node("MatMul", {weights, v}));
  if (form.shared_scores) test.output(test.node("Relu", {weights}), "weights");
  return check(test, options).count("recognize_attention");
}

TEST(PortableRules, AttentionIsRecognizedWhereTheOpsetHasIt) {
  EXPECT_EQ(recognized({}), 1);
  AttentionForm bare;
  bare.masked = false;
  bare.axis = 3;
  EXPECT_EQ(recognized(bare), 1);
  AttentionForm old;
  old.opset = 22;
  EXPECT_EQ(recognized(old), 0);
}

TEST(PortableRules, AttentionHasNoMoreBatchesOrHeadsThanItsOperands) {
  for (const List& mask : {List{1, 1, 4, 4}, List{1, 2, 4, 4}}) {
    AttentionForm form;
    form.batch = 1;
    form.mask = mask;
    EXPECT_EQ(recognized(form), 1);
  }
  AttentionForm masked, scaled;
  masked.batch = 1;
  masked.mask = {5, 1, 4, 4};
  scaled.factor_shape = {1, 1, 1, 1, 1};
  EXPECT_EQ(recognized(masked), 0);
  EXPECT_EQ(recognized(scaled), 0);
}

TEST(PortableRules, ASessionRunsThePartsOfAttention) {
  RewriteOptions in_session;
  in_session.lowering = true;
  in_session.only = {"recognize_attention"};
  EXPECT_EQ(recognized({}, in_session), 0);
}

TEST(PortableRules, WhatIsNearlyAttentionStays) {
  AttentionForm turned, along, negative, broadcast, read;
  turned.perm = {0, 1, 2, 3};
  along.axis = 2;
  negative.factor = -1;
  broadcast.key_heads = 1;
  read.shared_scores = true;
  for (const AttentionForm& form : {turned, along, negative, broadcast, read}) {
    EXPECT_EQ(recognized(form), 0);
  }
}

}  // namespace
}  // namespace convoy::testing
