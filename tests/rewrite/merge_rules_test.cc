// One test an operator that has a batching rule: all branches become one, and the numbers stay; and
// branches that differ in what the rule needs equal stay apart.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

constexpr int kOut = 6;

struct RuleCase {
  std::string op;
  std::function<ValueId(GraphCase&, ValueId x, int row)> apply;
  int64_t joined_axis = 1;
};

std::ostream& operator<<(std::ostream& out, const RuleCase& one) { return out << one.op; }

// conv(row) → the operator → one Concat. The convolutions give 2 × 6 × 8.
RewriteReport run_rule(Rows& rows, const RuleCase& one) {
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    return one.apply(t, conv(t, x, kOut, {{"pads", List{1, 1}}, {"strides", List{1}}}), row);
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", one.joined_axis}}));
  return rows.check();
}

class MergeRule : public ::testing::TestWithParam<RuleCase> {};

TEST_P(MergeRule, BecomesOne) {
  Rows rows;
  RewriteReport report = run_rule(rows, GetParam());
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  // Layouts change by Reshape and Transpose; branches may end in the same Concat.
  bool rearranges = GetParam().op == "Reshape" || GetParam().op == "Transpose";
  EXPECT_LE(rows.test.count(GetParam().op), rearranges ? 3 : 1) << report.to_text();
}

ValueId normalized(GraphCase& t, const char* op, ValueId x, int64_t size, Attributes more = {}) {
  return t.node(op, {x, t.positive({size}), t.weight({size})}, std::move(more));
}

std::vector<RuleCase> cases() {
  return {
      {"ConvTranspose",
       [](GraphCase& t, ValueId x, int row) {
         std::vector<ValueId> inputs = {x, t.weight({kOut, 2, 3})};
         if (row != 1) inputs.push_back(t.weight({4}));
         return t.node("ConvTranspose", inputs,
                       {{"group", int64_t{2}}, {"strides", List{2}}, {"output_padding", List{1}}});
       }},
      {"InstanceNormalization",
       [](GraphCase& t, ValueId x, int) {
         return normalized(t, "InstanceNormalization", x, kOut);
       }},
      {"LayerNormalization",
       [](GraphCase& t, ValueId x, int) { return normalized(t, "LayerNormalization", x, kWidth); }},
      {"PRelu",
       [](GraphCase& t, ValueId x, int) { return t.node("PRelu", {x, t.weight({kOut, 1})}); }},
      {"Mul", [](GraphCase& t, ValueId x, int) { return t.node("Mul", {x, t.weight({1})}); }},
      {"Where",
       [](GraphCase& t, ValueId x, int) {
         ValueId positive = t.node("Greater", {x, t.weight({1})});
         return t.node("Where", {positive, x, t.weight({kOut, 1})});
       }},
      {"MaxPool",
       [](GraphCase& t, ValueId x, int) {
         return t.node("MaxPool", {x},
                       {{"kernel_shape", List{3}}, {"pads", List{1, 0}}, {"strides", List{2}}});
       }},
      {"AveragePool", [](GraphCase& t, ValueId x,
                         int) { return t.node("AveragePool", {x}, {{"kernel_shape", List{2}}}); }},
      {"GlobalAveragePool",
       [](GraphCase& t, ValueId x, int) { return t.node("GlobalAveragePool", {x}); }},
      {"Pad",
       [](GraphCase& t, ValueId x, int) {
         return t.node("Pad", {x, t.ints({0, 0, 2, 0, 1, 0})}, {{"mode", std::string("reflect")}});
       }},
      {"Reshape",
       [](GraphCase& t, ValueId x, int) { return t.node("Reshape", {x, t.ints({0, 3, -1})}); }},
      {"Flatten", [](GraphCase& t, ValueId x, int) { return t.node("Flatten", {x}); }},
      {"Transpose", [](GraphCase& t, ValueId x,
                       int) { return t.node("Transpose", {x}, {{"perm", List{0, 2, 1}}}); }},
      {"ReduceMean",
       [](GraphCase& t, ValueId x, int) {
         return t.node("ReduceMean", {x}, {{"axes", List{-1}}, {"keepdims", int64_t{0}}});
       }},
      {"ReduceSum",
       [](GraphCase& t, ValueId x, int) {
         return t.node("ReduceSum", {x, t.ints({1})}, {{"keepdims", int64_t{1}}});
       }},
      {"ArgMax",
       [](GraphCase& t, ValueId x, int) {
         return t.node("ArgMax", {x}, {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}});
       }},
      {"Softmax",
       [](GraphCase& t, ValueId x, int) { return t.node("Softmax", {x}, {{"axis", int64_t{1}}}); }},
      {"Cast",
       [](GraphCase& t, ValueId x, int) {
         ValueId wide = t.node("Cast", {x}, {{"to", static_cast<int64_t>(DType::kFloat64)}});
         return t.node("Neg", {wide});
       }},
      {"MatMul",
       [](GraphCase& t, ValueId x, int) { return t.node("MatMul", {x, t.weight({kWidth, 4})}); }},
      {"Gemm",
       [](GraphCase& t, ValueId x, int row) {
         ValueId flat = t.node("GlobalMaxPool", {x});
         flat = t.node("Reshape", {flat, t.ints({0, kOut})});
         std::vector<ValueId> inputs = {flat, t.weight({3, kOut})};
         if (row != 2) inputs.push_back(t.weight({3}));
         return t.node("Gemm", inputs, {{"transB", int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}});
       }},
      {"Slice",
       [](GraphCase& t, ValueId x, int) {
         return t.node("Slice",
                       {x, t.ints({1, -2}), t.ints({4, -9}), t.ints({1, 2}), t.ints({2, -1})});
       }},
      {"Split",
       [](GraphCase& t, ValueId x, int) {
         ValueId half = t.node("Slice", {x, t.ints({0}), t.ints({3}), t.ints({1})});
         ValueId other = t.node("Slice", {x, t.ints({3}), t.ints({6}), t.ints({1})});
         return t.node("Mul", {half, t.node("Sigmoid", {other})});
       }},
      {"Gather",
       [](GraphCase& t, ValueId x, int) {
         return t.node("Gather", {x, t.ints({4, 0, 0})}, {{"axis", int64_t{2}}});
       }},
      {"Concat",
       [](GraphCase& t, ValueId x, int) {
         return t.node("Concat", {x, t.node("Tanh", {x})}, {{"axis", int64_t{1}}});
       }},
  };
}

INSTANTIATE_TEST_SUITE_P(Operators, MergeRule, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.op; });

// --- what must stay apart ---

std::vector<RuleCase> near_misses() {
  return {
      {"Tanh",
       [](GraphCase& t, ValueId x, int row) {
         ValueId y = t.node("Reshape", {x, t.ints({0, row % 2 == 0 ? 3 : 2, -1})});
         return t.node("Reshape", {t.node("Tanh", {y}), t.ints({0, kOut, -1})});
       }},
      {"Pad", [](GraphCase& t, ValueId x,
                 int row) { return t.node("Pad", {x, t.ints({0, 0, row, 0, 0, 3 - row})}); }},
      {"Gather",
       [](GraphCase& t, ValueId x, int row) {
         return t.node("Gather", {x, t.ints({row, 0})}, {{"axis", int64_t{2}}});
       }},
      {"ReduceSum",
       [](GraphCase& t, ValueId x, int row) {
         return t.node("ReduceSum", {x, t.ints({1 + row % 2})}, {{"keepdims", int64_t{0}}});
       },
       0},
      {"Softmax", [](GraphCase& t, ValueId x,
                     int row) { return t.node("Softmax", {x}, {{"axis", int64_t{row % 3}}}); }},
      {"LeakyRelu",
       [](GraphCase& t, ValueId x, int row) {
         return t.node("LeakyRelu", {x}, {{"alpha", 0.1F * static_cast<float>(row)}});
       }},
      {"Transpose",
       [](GraphCase& t, ValueId x, int row) {
         ValueId y =
             t.node("Transpose", {x}, {{"perm", row % 2 == 0 ? List{0, 2, 1} : List{2, 1, 0}}});
         return t.node("ReduceSum", {y, t.ints({0, 1, 2})}, {{"keepdims", int64_t{1}}});
       }},
  };
}

class MergeNearMiss : public ::testing::TestWithParam<RuleCase> {};

TEST_P(MergeNearMiss, KeepsItsNumbers) {
  Rows rows;
  const RuleCase& one = GetParam();
  if (one.op == "ReduceSum") {
    // 2 × 9 and 2 × 6 cannot be put together along axis 1; as vectors they can.
    std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
      ValueId y = conv(t, x, kOut, {{"pads", List{1, 1}}});
      return t.node("Reshape", {one.apply(t, y, row), t.ints({-1})});
    });
    rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{0}}}));
    rows.check();
  } else {
    run_rule(rows, one);
  }
  EXPECT_GT(rows.test.count(one.op), 1);
}

INSTANTIATE_TEST_SUITE_P(Operators, MergeNearMiss, ::testing::ValuesIn(near_misses()),
                         [](const auto& info) { return info.param.op; });

TEST(MergeRules, GroupNormalizationWithOneScaleAGroup) {
  GraphCase test(18);
  ValueId x = test.input("x", {2, kOut * 4, kWidth});
  std::vector<ValueId> made;
  for (int i = 0; i < 4; ++i) {
    ValueId part =
        test.node("Slice", {x, test.ints({i * kOut}), test.ints({(i + 1) * kOut}), test.ints({1})});
    made.push_back(test.node("GroupNormalization", {part, test.positive({3}), test.weight({3})},
                             {{"num_groups", int64_t{3}}}));
  }
  test.output(test.node("Concat", made, {{"axis", int64_t{1}}}));
  test.finish();
  Feeds feeds{{"x", random_floats({2, kOut * 4, kWidth}, 3)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  test.optimize();
  expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
  EXPECT_EQ(test.count("GroupNormalization"), 1);
  EXPECT_EQ(test.graph().node_count(), 1U);
}

// Below opset 7 the operands of Add are of one shape; PRelu's slope is one a channel.
TEST(MergeRules, OldOperatorsDoNotBroadcast) {
  GraphCase test(6);
  ValueId x = test.input("x", {2, 8, kWidth});
  std::vector<ValueId> made;
  for (int i = 0; i < 4; ++i) {
    ValueId part = test.node(
        "Slice", {x}, {{"axes", List{1}}, {"starts", List{2 * i}}, {"ends", List{2 * i + 2}}});
    made.push_back(test.node("PRelu", {part, test.weight({2})}));
  }
  test.output(test.node("Concat", made, {{"axis", int64_t{1}}}));
  test.finish();
  test.optimize();
  EXPECT_EQ(test.count("PRelu"), 4);
}

}  // namespace
}  // namespace convoy::testing
