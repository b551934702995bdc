// Branches of models that make no sense, or declare what is not so: the search for merges refuses
// them, and a model that runs without it runs with it.
#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

// Optimizes a graph that may be one that no kernel takes.
void optimize(GraphCase& test) {
  test.finish();
  EXPECT_NO_THROW(test.optimize());
}

void join_all(GraphCase& test, const std::vector<ValueId>& ends, int64_t axis = 0) {
  test.output(test.node("Concat", ends, {{"axis", axis}}));
}

// --- where branches begin ---

TEST(MergeHostile, IndicesAtTheEndsOfTheNumbers) {
  for (const List& indices :
       {List{kLowest, kLowest + 1}, List{kHighest, kLowest}, List{kHighest}}) {
    GraphCase test;
    ValueId x = test.input("x", {"n", 3});
    std::vector<ValueId> made;
    for (int i = 0; i < 2; ++i) {
      made.push_back(test.node("Tanh", {test.node("Gather", {x, test.ints(indices)})}));
    }
    join_all(test, made);
    optimize(test);
  }
}

TEST(MergeHostile, ASplitOfTheLargestSize) {
  for (int64_t size : {kHighest, int64_t{1} << 41}) {
    GraphCase test;
    ValueId x = test.input("x", {size});
    ValueType half = ValueType::tensor(DType::kFloat32, std::vector<Dimension>{{}});
    std::vector<ValueId> made;
    for (ValueId part : test.build().nodes("Split", {x}, {}, {half, half})) {
      made.push_back(test.node("Relu", {part}));
    }
    join_all(test, made);
    optimize(test);
    EXPECT_EQ(test.count("Relu"), 2);
  }
}

TEST(MergeHostile, MembersThatAreTooLongToBeListed) {
  GraphCase test;
  ValueId x = test.input("x", {int64_t{1} << 41, 4});
  std::vector<ValueId> made;
  for (int64_t i : {3, 1, 2, 0, 3, 0}) {
    ValueId row = test.node("Gather", {x, test.index(i)}, {{"axis", int64_t{1}}});
    made.push_back(test.node("Add", {row, test.floats({1}, {static_cast<float>(i)})}));
  }
  join_all(test, made);
  optimize(test);
}

TEST(MergeHostile, ASequenceThatIsSplitOfNothing) {
  GraphCase test;
  test.input("x", {4});
  ValueId sequence = test.node("SplitToSequence", {});
  ValueId at = test.node("SequenceAt", {sequence, test.index(0)});
  test.output(test.node("Neg", {at}));
  optimize(test);
}

TEST(MergeHostile, ChainsOfSqueezesAndLongBranches) {
  GraphCase test;
  ValueId x = test.input("x", {2, 3});
  ValueId axes = test.input("axes", {1}, DType::kInt64);
  ValueId y = x;
  for (int i = 0; i < 20000; ++i) y = test.node("Squeeze", {y, axes});
  test.output(y);
  std::vector<ValueId> made;
  for (ValueId part : test.build().split(x, 0, {1, 1})) {
    for (int i = 0; i < 5000; ++i) part = test.node(i % 2 == 0 ? "Tanh" : "Exp", {part});
    made.push_back(part);
  }
  test.output(test.node("Concat", made, {{"axis", int64_t{0}}}), "z");
  optimize(test);
}

TEST(MergeHostile, OnlyAnEndBeyondAllSizesReachesAnOpenOne) {
  for (int64_t end : {int64_t{INT32_MAX}, kHighest}) {
    GraphCase test;
    ValueId x = test.input("x", {"n", 4});
    test.output(test.node("Neg", {test.node("Slice", {x, test.ints({0}), test.ints({end})})}));
    test.finish();
    EXPECT_EQ(test.optimize().count("remove_slice"), end == kHighest ? 1 : 0);
  }
}

// --- ranks that are declared ---

TEST(MergeHostile, AConcatOfAnotherRankThanItsBranches) {
  GraphCase test;
  ValueId x = test.input("x", {2, 4, 4});
  std::vector<ValueId> made;
  for (int i = 0; i < 2; ++i) {
    made.push_back(test.node("Tanh", {test.node("Gather", {x, test.index(i)})}));
  }
  ValueType declared = ValueType::tensor(DType::kFloat32, Shape{4, 4, 1, 2});
  test.output(test.build().concat(made, 3, declared));
  optimize(test);
}

TEST(MergeHostile, OutputsThatAreDeclaredWithAnotherRank) {
  for (bool at_first : {false, true}) {
    GraphCase test;
    ValueId x = test.input("x", {4, 4, 4});
    ValueType declared = ValueType::tensor(DType::kFloat32, Shape{1, 4, 4});
    ValueType real = ValueType::tensor(DType::kFloat32, Shape{4, 4});
    std::vector<ValueId> made;
    for (int i = 0; i < 4; ++i) {
      ValueId row = test.build().node("Gather", {x, test.index(i)}, {}, at_first ? declared : real);
      ValueId y = test.node("MatMul", {row, test.weight({4, 4})});
      y = test.build().node("Relu", {y}, {}, at_first ? ValueType() : declared);
      test.output(at_first ? row : y, "y" + std::to_string(i));
      made.push_back(y);
    }
    test.output(test.node("Sum", made), "sum");
    test.finish();
    Feeds feeds{{"x", random_floats({4, 4, 4}, 7)}};
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    test.optimize();
    expect_close(evaluate_graph(test.graph(), feeds), before);
  }
}

TEST(MergeHostile, MembersOfNoAxes) {
  GraphCase test;
  ValueId x = test.input("x", {4});
  std::vector<ValueId> made;
  for (int i = 0; i < 4; ++i) {
    ValueId number = test.node("Gather", {x, test.index(i)});
    made.push_back(test.build().node("LRN", {number}, {{"size", int64_t{1}}},
                                     ValueType::tensor(DType::kFloat32, Shape{})));
  }
  test.output(test.node("Sum", made));
  optimize(test);
  EXPECT_EQ(test.count("LRN"), 4);
}

TEST(MergeHostile, MembersOfTheHighestRank) {
  GraphCase test;
  std::vector<Dim> dims(kMaxRank, Dim(1));
  dims[0] = 4;
  ValueId x = test.input("x", dims);
  std::vector<ValueId> made;
  for (ValueId part : test.build().split(x, 0, {1, 1, 1, 1})) {
    made.push_back(test.node("Tanh", {test.node("Mul", {part, test.weight({1})})}));
  }
  join_all(test, made);
  test.finish();
  Shape shape = Shape::filled(kMaxRank, 1);
  shape[0] = 4;
  Feeds feeds{{"x", random_floats(shape, 7)}};
  std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
  test.optimize();
  expect_close(evaluate_graph(test.graph(), feeds), before);
}

TEST(MergeHostile, AnOrderThatCountsFromTheEnd) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([](GraphCase& t, ValueId x, int) {
    ValueType turned = ValueType::tensor(DType::kFloat32, Shape{2, kWidth, kChannels});
    return t.node("Tanh", {t.build().node("Transpose", {x}, {{"perm", List{0, -1, 1}}}, turned)});
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{2}}}));
  optimize(rows.test);
}

// --- attributes and operands ---

TEST(MergeHostile, WindowsWithListsOfOtherLengths) {
  for (const Attributes& attributes :
       {Attributes{{"pads", List{}}}, Attributes{{"strides", List{}}},
        Attributes{{"pads", List{1}}, {"auto_pad", std::string("VALID")}}}) {
    Rows rows;
    ValueId w = rows.test.weight({5, kChannels, 3});
    std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
      Attributes pool = attributes;
      pool["kernel_shape"] = List{3};
      return t.node("Conv", {t.node("MaxPool", {x}, pool), w}, attributes);
    });
    rows.test.output(join(rows.test, made));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  }
}

TEST(MergeHostile, MoreGroupsThanNumbers) {
  for (const char* type : {"Conv", "ConvTranspose"}) {
    Rows rows;
    std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
      ValueType same = ValueType::tensor(DType::kFloat32, Shape{2, kChannels, kWidth});
      return t.build().node(type, {x, t.weight({3, kChannels, 1}), t.weight({3})},
                            {{"group", int64_t{1} << 62}}, same);
    });
    rows.test.output(join(rows.test, made));
    optimize(rows.test);
    EXPECT_EQ(rows.test.count(type), kRows);
  }
}

TEST(MergeHostile, BiasesThatAreNotOneForEachChannel) {
  auto doubles = [](GraphCase& t) {
    return t.graph().add_constant(Tensor::zeros(DType::kFloat64, {kChannels}));
  };
  using Bias = std::function<ValueId(GraphCase&, int)>;
  for (const Bias& bias :
       {Bias([](GraphCase& t, int row) { return t.weight({row == 1 ? 5 : 3}); }),
        Bias([](GraphCase& t, int) { return t.weight({3, 1}); }),
        Bias([&](GraphCase& t, int row) { return row == 1 ? doubles(t) : t.weight({3}); })}) {
    for (bool lacks : {false, true}) {
      Rows rows;
      std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
        std::vector<ValueId> inputs = {x, t.weight({kChannels, 1, 3})};
        if (!lacks || row > 0) inputs.push_back(bias(t, row));
        return t.node("Conv", inputs, {{"group", int64_t{kChannels}}});
      });
      rows.test.output(join(rows.test, made));
      optimize(rows.test);
      EXPECT_GE(rows.test.count("Conv"), 2);
    }
  }
}

TEST(MergeHostile, StatesOfAnotherRank) {
  GraphCase test;
  ValueId x = test.input("x", {2, 5, 1, 4});
  ValueId w = test.weight({1, 12, 4});
  ValueId r = test.weight({1, 12, 3});
  std::vector<ValueId> made;
  for (int i = 0; i < 2; ++i) {
    ValueId row = test.node("Gather", {x, test.index(i)});
    std::vector<ValueId> inputs = {row, w, r, ValueId::kNone, ValueId::kNone, test.weight({3})};
    made.push_back(test.node("LSTM", inputs, {{"hidden_size", int64_t{3}}}));
  }
  join_all(test, made);
  optimize(test);
  EXPECT_EQ(test.count("LSTM"), 2);
}

}  // namespace
}  // namespace convoy::testing
