// Branches with operators that have several outputs.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

ValueType floats_of(Shape shape) { return ValueType::tensor(DType::kFloat32, shape); }

constexpr int64_t kSteps = 5;
constexpr int64_t kHidden = 4;
constexpr int64_t kBatch = 2;

struct Layer {
  const char* type;
  int64_t gates;
  int output;  // 0: Y, 1: Y_h, 2: Y_c
  int64_t directions;
  bool batch_first;
};

std::ostream& operator<<(std::ostream& out, const Layer& one) { return out << one.type; }

// Rows of x[seq, batch, rows, in], each through the layer, stacked.
struct RecurrentRows {
  GraphCase test;
  ValueId x = ValueId::kNone;
  Shape shape;
  std::vector<ValueId> weights;

  explicit RecurrentRows(bool batch_first = false) {
    shape = batch_first ? Shape{kBatch, kSteps, kRows, 3} : Shape{kSteps, kBatch, kRows, 3};
    x = test.input("x", std::vector<Dim>(shape.begin(), shape.end()));
  }

  ValueId row(int h) { return row_by_gather(test, x, h); }

  void make_weights(const Layer& layer) {
    weights = {test.weight({layer.directions, layer.gates * kHidden, 3}),
               test.weight({layer.directions, layer.gates * kHidden, kHidden}),
               test.weight({layer.directions, 2 * layer.gates * kHidden})};
  }

  // All outputs of the layer; kNone for those that it has not.
  std::vector<ValueId> apply(const Layer& layer, ValueId in, std::vector<ValueId> states = {}) {
    Attributes attributes{{"hidden_size", kHidden}};
    attributes["direction"] = std::string(layer.directions == 2 ? "bidirectional" : "forward");
    if (layer.batch_first) attributes["layout"] = int64_t{1};
    Shape y = layer.batch_first ? Shape{kBatch, kSteps, layer.directions, kHidden}
                                : Shape{kSteps, layer.directions, kBatch, kHidden};
    Shape state = layer.batch_first ? Shape{kBatch, layer.directions, kHidden}
                                    : Shape{layer.directions, kBatch, kHidden};
    std::vector<ValueType> types = {floats_of(y), floats_of(state)};
    if (layer.type == std::string("LSTM")) types.push_back(floats_of(state));
    std::vector<ValueId> inputs = {in, weights[0], weights[1], weights[2]};
    if (!states.empty()) inputs.push_back(ValueId::kNone);
    inputs.insert(inputs.end(), states.begin(), states.end());
    return test.build().nodes(layer.type, inputs, attributes, types);
  }

  RewriteReport check() {
    test.finish();
    Feeds feeds{{"x", random_floats(shape, 3)}};
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteReport report = test.optimize();
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    return report;
  }
};

class MergeRecurrent : public ::testing::TestWithParam<Layer> {};

TEST_P(MergeRecurrent, OneSetOfWeightsTakesABatchOfRows) {
  const Layer& layer = GetParam();
  RecurrentRows rows(layer.batch_first);
  rows.make_weights(layer);
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    made.push_back(rows.apply(layer, rows.row(h))[static_cast<size_t>(layer.output)]);
  }
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count(layer.type), 1) << report.to_text();
}

INSTANTIATE_TEST_SUITE_P(
    Layers, MergeRecurrent,
    ::testing::Values(Layer{"LSTM", 4, 0, 1, false}, Layer{"LSTM", 4, 1, 2, false},
                      Layer{"LSTM", 4, 2, 1, true}, Layer{"GRU", 3, 0, 2, false},
                      Layer{"GRU", 3, 1, 1, true}, Layer{"RNN", 1, 0, 1, true}),
    [](const auto& info) { return std::string(info.param.type) + std::to_string(info.index); });

TEST(MergeOutputs, StatesOfEachRow) {
  Layer layer{"GRU", 3, 0, 1, false};
  RecurrentRows rows;
  rows.make_weights(layer);
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId state = rows.test.weight({1, kBatch, kHidden});
    made.push_back(rows.apply(layer, rows.row(h), {state})[0]);
  }
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("GRU"), 1) << report.to_text();
}

TEST(MergeOutputs, AStateThatAllRowsHave) {
  Layer layer{"RNN", 1, 0, 1, false};
  RecurrentRows rows;
  rows.make_weights(layer);
  ValueId state = rows.test.weight({1, kBatch, kHidden});
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) made.push_back(rows.apply(layer, rows.row(h), {state})[1]);
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("RNN"), 1) << report.to_text();
}

// --- what must stay apart ---

void expect_reason(const RewriteReport& report, const std::string& reason) {
  bool found = false;
  for (const RewriteEntry& entry : report.nearly) found = found || entry.reason == reason;
  EXPECT_TRUE(found) << report.to_text();
}

TEST(MergeOutputs, WeightsOfEachRowStayApart) {
  Layer layer{"LSTM", 4, 0, 1, false};
  RecurrentRows rows;
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    rows.make_weights(layer);
    made.push_back(rows.apply(layer, rows.row(h))[0]);
  }
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("LSTM"), kRows);
  expect_reason(report, "LSTM cannot be computed once for all branches: operand 2 differs");
}

TEST(MergeOutputs, LengthsOfSequencesStayApart) {
  Layer layer{"LSTM", 4, 0, 1, false};
  RecurrentRows rows;
  rows.make_weights(layer);
  ValueId lengths = rows.test.input("lengths", {kBatch}, DType::kInt32);
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    std::vector<ValueId> inputs = {rows.row(h), rows.weights[0], rows.weights[1], rows.weights[2],
                                   lengths};
    made.push_back(rows.test.node("LSTM", inputs, {{"hidden_size", kHidden}}));
  }
  rows.test.output(join(rows.test, made));
  rows.test.finish();
  RewriteReport report = rows.test.optimize();
  EXPECT_EQ(rows.test.count("LSTM"), kRows) << report.to_text();
}

// Both outputs come of one layer, wherever they go.
TEST_P(MergeRecurrent, SeveralOutputsThatAreRead) {
  Layer layer = GetParam();
  RecurrentRows rows(layer.batch_first);
  rows.make_weights(layer);
  std::vector<ValueId> made, states;
  for (int h = 0; h < kRows; ++h) {
    std::vector<ValueId> outputs = rows.apply(layer, rows.row(h));
    made.push_back(rows.test.node("Tanh", {outputs[0]}));
    states.push_back(outputs.back());
  }
  rows.test.output(join(rows.test, made));
  rows.test.output(join(rows.test, states), "states");
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count(layer.type), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Tanh"), 1) << report.to_text();
}

TEST(MergeOutputs, SomeBranchesReadOneOutputAndSomeAnother) {
  Layer layer{"LSTM", 4, 0, 1, false};
  RecurrentRows rows;
  rows.make_weights(layer);
  std::vector<ValueId> sequences;
  for (int h = 0; h < kRows; ++h) {
    std::vector<ValueId> outputs = rows.apply(layer, rows.row(h));
    if (h != 1) sequences.push_back(outputs[0]);
    if (h == 1 || h == 2) rows.test.output(outputs[1], "state" + std::to_string(h));
    if (h == 2) rows.test.output(outputs[2], "cell");
  }
  rows.test.output(join(rows.test, sequences));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("LSTM"), 1) << report.to_text();
}

TEST(MergeOutputs, ALayerThatReadsBothOutputsOfTheOneBefore) {
  Layer layer{"LSTM", 4, 0, 1, false};
  RecurrentRows rows;
  std::vector<ValueId> last;
  rows.make_weights(layer);
  std::vector<std::vector<ValueId>> first;
  for (int h = 0; h < kRows; ++h) first.push_back(rows.apply(layer, rows.row(h)));
  rows.weights = {rows.test.weight({1, 4 * kHidden, kHidden}),
                  rows.test.weight({1, 4 * kHidden, kHidden}), rows.test.weight({1, 8 * kHidden})};
  for (auto& outputs : first) {
    ValueId in = rows.test.node("Squeeze", {outputs[0], rows.test.ints({1})});
    last.push_back(rows.apply(layer, in, {outputs[1], outputs[2]})[1]);
  }
  rows.test.output(join(rows.test, last));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("LSTM"), 2) << report.to_text();
}

// The last state of a row starts the next one.
TEST(MergeOutputs, LayersOfWhichOneFeedsTheNextStayApart) {
  Layer layer{"GRU", 3, 0, 1, false};
  RecurrentRows rows;
  rows.make_weights(layer);
  std::vector<ValueId> sequences;
  ValueId state = ValueId::kNone;
  for (int h = 0; h < kRows; ++h) {
    std::vector<ValueId> before;
    if (state != ValueId::kNone) before = {state};
    std::vector<ValueId> outputs = rows.apply(layer, rows.row(h), before);
    sequences.push_back(outputs[0]);
    state = outputs[1];
  }
  rows.test.output(join(rows.test, sequences));
  rows.test.output(state, "state");
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("GRU"), kRows) << report.to_text();
}

TEST(MergeOutputs, ValuesAndIndicesOfTopK) {
  for (bool shared : {false, true}) {
    Rows rows;
    ValueId k = rows.test.ints({3});
    std::vector<ValueId> values, indices;
    for (int h = 0; h < kRows; ++h) {
      ValueType type = floats_of({2, kChannels, 3});
      std::vector<ValueId> outputs =
          rows.test.build().nodes("TopK",
                                  {conv(rows.test, row_by_gather(rows.test, rows.x, h), kChannels),
                                   shared ? k : rows.test.ints({3})},
                                  {{"axis", int64_t{-1}}},
                                  {type, ValueType::tensor(DType::kInt64, Shape{2, kChannels, 3})});
      values.push_back(outputs[0]);
      indices.push_back(outputs[1]);
    }
    rows.test.output(join(rows.test, values));
    rows.test.output(rows.test.node("Concat", indices, {{"axis", int64_t{1}}}), "indices");
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("TopK"), 1) << report.to_text();
  }
}

// TopK has no optional outputs.
TEST(MergeOutputs, TopKOfWhichOneOutputIsRead) {
  for (size_t read : {0U, 1U}) {
    Rows rows;
    std::vector<ValueId> made;
    for (int h = 0; h < kRows; ++h) {
      ValueId row = conv(rows.test, row_by_gather(rows.test, rows.x, h), kChannels);
      ValueType numbers = ValueType::tensor(DType::kInt64, Shape{2, kChannels, 3});
      made.push_back(rows.test.build().nodes("TopK", {row, rows.test.ints({3})}, {},
                                             {floats_of({2, kChannels, 3}), numbers})[read]);
    }
    rows.test.output(join(rows.test, made));
    RewriteReport report = rows.check();
    ASSERT_EQ(rows.test.count("TopK"), 1) << report.to_text();
    for (NodeId id : rows.test.graph().topological_order()) {
      const Node& node = rows.test.graph().node(id);
      if (!node.is("TopK")) continue;
      ASSERT_EQ(node.outputs.size(), 2U);
      EXPECT_NE(node.outputs[1 - read], ValueId::kNone);
    }
  }
}

TEST(MergeOutputs, TopKOfDifferentCountsStaysApart) {
  Rows rows;
  std::vector<ValueId> values;
  for (int h = 0; h < kRows; ++h) {
    ValueId row = rows.test.node("Relu", {row_by_gather(rows.test, rows.x, h)});
    ValueType type = floats_of({2, kChannels, 2 + h});
    ValueType numbers = ValueType::tensor(DType::kInt64, Shape{2, kChannels, 2 + h});
    values.push_back(rows.test.build().nodes("TopK", {row, rows.test.ints({2 + h})},
                                             {{"axis", int64_t{2}}}, {type, numbers})[0]);
  }
  rows.test.output(rows.test.node("Concat", values, {{"axis", int64_t{2}}}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("TopK"), kRows) << report.to_text();
}

TEST(MergeOutputs, PooledWithIndicesStayApart) {
  for (bool indices : {true, false}) {
    Rows rows;
    std::vector<ValueId> made;
    for (int h = 0; h < kRows; ++h) {
      ValueId row = rows.test.node("Relu", {row_by_gather(rows.test, rows.x, h)});
      ValueType type = floats_of({2, kChannels, 4});
      std::vector<ValueId> pooled = rows.test.build().nodes(
          "MaxPool", {row}, {{"kernel_shape", List{2}}, {"strides", List{2}}},
          {type, ValueType::tensor(DType::kInt64, Shape{2, kChannels, 4})});
      made.push_back(pooled[indices ? 1 : 0]);
    }
    rows.test.output(join(rows.test, made));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("MaxPool"), indices ? kRows : 1) << report.to_text();
    if (indices) expect_reason(report, "output 2 of MaxPool is read");
  }
}

// Before opset 14 the other outputs mean training, read or not.
TEST(MergeOutputs, NormalizationsThatTrainStayApart) {
  GraphCase test(13);
  ValueId x = test.input("x", {2, kChannels, kRows, kWidth});
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) {
    ValueId row = test.node("Relu", {row_by_gather(test, x, h)});
    std::vector<ValueId> inputs = {row, test.positive({kChannels}), test.weight({kChannels}),
                                   test.weight({kChannels}), test.positive({kChannels})};
    std::vector<ValueType> types = {floats_of({2, kChannels, kWidth}), floats_of({kChannels}),
                                    floats_of({kChannels})};
    made.push_back(test.build().nodes("BatchNormalization", inputs, {}, types)[0]);
  }
  test.output(test.node("Concat", made, {{"axis", int64_t{2}}}));
  test.finish();
  RewriteReport report = test.optimize();
  EXPECT_EQ(test.count("BatchNormalization"), kRows) << report.to_text();
}

TEST(MergeOutputs, BranchesThatReadOneSliceHaveAReason) {
  Rows rows;
  ValueId row = row_by_gather(rows.test, rows.x, 1);
  std::vector<ValueId> made;
  for (int h = 0; h < kRows; ++h) made.push_back(conv(rows.test, row));
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  expect_reason(report, "all branches begin with the same value");
}

TEST(MergeOutputs, ASplitInsideOfBranchesIsMerged) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([](GraphCase& t, ValueId x, int) {
    ValueId y = conv(t, x, 6);
    std::vector<ValueId> parts =
        t.build().nodes("Split", {y, t.ints({2, 4})}, {{"axis", int64_t{1}}},
                        {floats_of({2, 2, 7}), floats_of({2, 4, 7})});
    ValueId gate = t.node("ReduceMean", {parts[0]}, {{"axes", List{1}}});
    return t.node("Mul", {parts[1], t.node("Sigmoid", {gate})});
  });
  rows.test.output(join(rows.test, made));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_LE(rows.test.count("Split") + rows.test.count("Slice"), 2);
  EXPECT_EQ(rows.test.count("Mul"), 1);
}

}  // namespace
}  // namespace convoy::testing
