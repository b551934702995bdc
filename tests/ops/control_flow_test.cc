// If, Loop, Scan, SequenceMap, sequences and optionals.
#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

using testing::session_of_text;

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

void expect_tensor(const Value& actual, const Tensor& expected) {
  expect_equal(actual.tensor(), expected, 1e-6, "output");
}

const char* const kIf = R"(<ir_version: 8, opset_import: ["" : 17]>
branches (bool c, float[N] x, float[N] y) => (float[M] z) {
  z = If (c) <
    then_branch = then_graph () => (float[A] t) { t = Add(x, y) },
    else_branch = else_graph () => (float[B] e) {
      axes = Constant <value = int64[1] {0}> ()
      begin = Constant <value = int64[1] {1}> ()
      end = Constant <value = int64[1] {9}> ()
      e = Slice(x, begin, end, axes)
    }>
})";

TEST(ControlFlow, IfTakesOneBranchAndCaptures) {
  auto session = session_of_text(kIf);
  Tensor x = tensor<float>({3}, {1, 2, 3});
  Tensor y = tensor<float>({3}, {10, 20, 30});
  for (int round = 0; round < 2; ++round) {
    auto yes = session->run({{"c", tensor<bool>({}, {true})}, {"x", x}, {"y", y}});
    expect_tensor(yes[0], tensor<float>({3}, {11, 22, 33}));
    auto no = session->run({{"c", tensor<bool>({}, {false})}, {"x", x}, {"y", y}});
    expect_tensor(no[0], tensor<float>({2}, {2, 3}));
  }
}

const char* const kLoop = R"(<ir_version: 8, opset_import: ["" : 17]>
powers (int64 m, bool c, float[N] x, float limit) => (float[N] last, float[K, N] all) {
  last, all = Loop (m, c, x) <
    body = step (int64 i, bool go, float[N] v) => (bool again, float[N] next, float[N] seen) {
      next = Add(v, x)
      seen = Identity(v)
      sum = ReduceMax <keepdims = 0> (next)
      again = Less(sum, limit)
    }>
})";

TEST(ControlFlow, LoopCarriesAndStacks) {
  auto session = session_of_text(kLoop);
  Tensor x = tensor<float>({2}, {1, 2});
  auto run = [&](int64_t most, bool first, float limit) {
    return session->run({{"m", tensor<int64_t>({}, {most})},
                         {"c", tensor<bool>({}, {first})},
                         {"x", x},
                         {"limit", tensor<float>({}, {limit})}});
  };
  auto by_count = run(2, true, 100);
  expect_tensor(by_count[0], tensor<float>({2}, {3, 6}));
  expect_tensor(by_count[1], tensor<float>({2, 2}, {1, 2, 2, 4}));
  auto by_condition = run(100, true, 7);
  expect_tensor(by_condition[0], tensor<float>({2}, {4, 8}));
  EXPECT_EQ(by_condition[1].tensor().shape(), Shape({3, 2}));
  auto never = run(5, false, 100);
  expect_tensor(never[0], x);
  EXPECT_EQ(never[1].tensor().shape()[0], 0);
  expect_tensor(run(0, true, 100)[0], x);
}

const char* const kNested = R"(<ir_version: 8, opset_import: ["" : 17]>
nested (int64 m, float[N] x) => (float[N] y) {
  yes = Constant <value = bool {1}> ()
  y = Loop (m, yes, x) <
    body = step (int64 i, bool go, float[N] v) => (bool again, float[N] next) {
      again = Identity(go)
      two = Constant <value = int64 {2}> ()
      rest = Mod(i, two)
      zero = Constant <value = int64 {0}> ()
      even = Equal(rest, zero)
      next = If (even) <
        then_branch = t () => (float[N] a) { a = Add(v, x) },
        else_branch = e () => (float[N] b) { b = Mul(v, x) }>
    }>
})";

// The body asks for vectors of one element; the loop is given and gives back scalars or vectors.
const char* const kVectors = R"(<ir_version: 8, opset_import: ["" : 17]>
counts (int64[1] m, bool[1] c) => (int64[K, 1] all) {
  all = Loop (m, c) <
    body = step (int64[1] i, bool[1] go) => (bool again, int64[1] seen) {
      axis = Constant <value = int64[1] {0}> ()
      pair = Concat <axis = 0> (i, axis)
      seen = ReduceMax <keepdims = 1> (pair)
      again = Squeeze (go, axis)
    }>
})";

TEST(ControlFlow, TheCounterHasTheShapeThatTheBodyDeclares) {
  for (bool optimize : {false, true}) {
    SessionOptions options;
    options.optimize = optimize;
    auto session = session_of_text(kVectors, options);
    auto all = session->run({{"m", ints({3})}, {"c", tensor<bool>({1}, {true})}});
    expect_tensor(all[0], tensor<int64_t>({3, 1}, {0, 1, 2}));
  }
}

TEST(ControlFlow, BodiesNestAndReadOuterValues) {
  auto session = session_of_text(kNested);
  auto out = session->run({{"m", tensor<int64_t>({}, {3})}, {"x", tensor<float>({2}, {2, 3})}});
  expect_tensor(out[0], tensor<float>({2}, {10, 21}));  // (x + x)·x + x
}

const char* const kScan = R"(<ir_version: 8, opset_import: ["" : 17]>
running (float[D] s, float[T, D] x) => (float[D] last, float[D, T] sums) {
  last, sums = Scan <num_scan_inputs = 1, scan_input_directions = [1], scan_output_axes = [1],
                     body = step (float[D] a, float[D] b) => (float[D] c, float[D] d) {
      c = Add(a, b)
      d = Identity(c)
    }> (s, x)
})";

TEST(ControlFlow, ScanWalksBackwardsAndStacksOnAnotherAxis) {
  auto session = session_of_text(kScan);
  auto out = session->run(
      {{"s", tensor<float>({2}, {0, 0})}, {"x", tensor<float>({3, 2}, {1, 2, 3, 4, 5, 6})}});
  expect_tensor(out[0], tensor<float>({2}, {9, 12}));
  expect_tensor(out[1], tensor<float>({2, 3}, {5, 8, 9, 6, 10, 12}));
}

const char* const kSequences = R"(<ir_version: 8, opset_import: ["" : 17]>
sequences (float[N] x, float[M] y) => (float[K] joined, int64 count, float[P] second) {
  pair = SequenceConstruct(x, y)
  at = Constant <value = int64 {-1}> ()
  three = SequenceInsert(pair, x, at)
  doubled = SequenceMap (three) <
    body = twice (float[A] e) => (float[A] f) { f = Add(e, e) }>
  joined = ConcatFromSequence <axis = 0> (doubled)
  count = SequenceLength(doubled)
  one = Constant <value = int64 {1}> ()
  rest = SequenceErase(doubled, one)
  second = SequenceAt(rest, one)
})";

TEST(ControlFlow, SequencesAreEditedByCopy) {
  auto session = session_of_text(kSequences);
  auto out = session->run({{"x", tensor<float>({1}, {1})}, {"y", tensor<float>({2}, {2, 3})}});
  expect_tensor(out[0], tensor<float>({4}, {2, 2, 4, 6}));
  expect_tensor(out[1], tensor<int64_t>({}, {3}));
  expect_tensor(out[2], tensor<float>({2}, {4, 6}));
}

const char* const kParts = R"(<ir_version: 8, opset_import: ["" : 17]>
parts (float[N, M] x, int64[K] sizes, int64 index) => (float[P, M] part) {
  all = SplitToSequence <axis = 0> (x, sizes)
  part = SequenceAt(all, index)
})";

TEST(ControlFlow, PositionsOutsideOfASequenceAreNamed) {
  auto session = session_of_text(kParts);
  Tensor x = tensor<float>({3, 1}, {1, 2, 3});
  auto run = [&](std::initializer_list<int64_t> sizes, int64_t index) {
    return session->run(
        {{"x", x}, {"sizes", ints(sizes)}, {"index", tensor<int64_t>({}, {index})}});
  };
  expect_tensor(run({1, 2}, -1)[0], tensor<float>({2, 1}, {2, 3}));
  for (int64_t bad : {int64_t{2}, int64_t{-3}, INT64_MIN}) {
    try {
      run({1, 2}, bad);
      ADD_FAILURE() << "position " << bad << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_NE(error.message().find(std::to_string(bad)), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(run({1, 1}, 0), Error);
  EXPECT_THROW(run({4, -1}, 0), Error);
}

}  // namespace
}  // namespace convoy
