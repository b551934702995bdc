// A step may write over an operand that dies with it, but not over one that it reads in other ways
// as well: x · W + x.
#include <gtest/gtest.h>

#include "runtime/session/session.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

struct AroundItself {
  const char* name;
  Shape shape;
  // f(x), to which x is added; weights are square.
  ValueId (*function)(GraphCase& test, ValueId x, int64_t width);
};

ValueId times_weight(GraphCase& test, ValueId x, int64_t width) {
  return test.node("MatMul", {x, test.weight({width, width})});
}
ValueId weight_times(GraphCase& test, ValueId x, int64_t width) {
  return test.node("MatMul", {test.weight({width, width}), x});
}
ValueId times_itself(GraphCase& test, ValueId x, int64_t) { return test.node("MatMul", {x, x}); }
ValueId convolved(GraphCase& test, ValueId x, int64_t width) {
  return test.node("Conv", {x, test.weight({width, width, 1})});
}
ValueId convolved_wide(GraphCase& test, ValueId x, int64_t width) {
  return test.node("Conv", {x, test.weight({width, width, 3, 3})},
                   {{"pads", std::vector<int64_t>{1, 1, 1, 1}}});
}

std::vector<AroundItself> cases() {
  std::vector<AroundItself> made;
  for (int64_t n : {8, 64, 130}) {
    made.push_back({"times_weight", {n, n}, times_weight});
    made.push_back({"batch_times_weight", {3, n, n}, times_weight});
    made.push_back({"weight_times", {n, n}, weight_times});
    made.push_back({"times_itself", {2, n, n}, times_itself});
    made.push_back({"convolved", {2, n, n}, convolved});
    made.push_back({"convolved_wide", {2, n, 14, 14}, convolved_wide});
  }
  return made;
}

class InPlace : public ::testing::TestWithParam<AroundItself> {};

TEST_P(InPlace, WhatIsReadInOtherWaysIsNotWrittenOver) {
  const AroundItself& one = GetParam();
  std::vector<Dim> dims;
  for (int64_t size : one.shape) dims.emplace_back(size);
  std::vector<Tensor> results;
  for (bool optimize : {false, true}) {
    GraphCase test;
    ValueId x = test.node("Tanh", {test.input("x", dims)});
    ValueId sum = test.node("Add", {one.function(test, x, one.shape[1]), x});
    test.output(test.node("Softmax", {sum}));
    test.finish();
    SessionOptions options;
    options.optimize = optimize;
    options.threads = 1;
    Session session(std::move(test.model()), options);
    results.push_back(session.run({{"x", random_floats(one.shape, 5)}})[0].tensor());
  }
  expect_close({results[1]}, {results[0]}, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(AroundItself, InPlace, ::testing::ValuesIn(cases()), [](const auto& info) {
  return fmt::format("{}_{}", info.param.name, info.param.shape[1]);
});

}  // namespace
}  // namespace convoy::testing
