// What a plan keeps in one place must not be needed by others.
#include <gtest/gtest.h>

#include "tests/ops/text_model.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

std::vector<std::pair<std::string, Value>> feeds() {
  return {{"x", random_floats({1, 8}, 1)},
          {"w", random_floats({8, 64}, 2)},
          {"v", random_floats({64, 4}, 3)},
          {"c", random_floats({1, 8}, 4)},
          {"u", random_floats({72, 4}, 5)}};
}

// The result of Dropout becomes a part of the Concat, and its operand is read again behind it. The
// mask is wanted: so the result is a copy, and the operand does not lie in the Concat.
TEST(PlannedMemory, OperandOfADropoutWithAMaskIsItsOwn) {
  const std::string inputs = R"(<ir_version: 8, opset_import: ["" : 13]>
      g (float[1,8] x, float[8,64] w, float[64,4] v, float[1,8] c, float[72,4] u))";
  SessionOptions options;
  options.optimize = false;
  auto alone = session_of_text(inputs + R"( => (float[1,4] z)
      { a = MatMul (x, w) s = Softmax (a) z = MatMul (s, v) })",
                               options);
  auto joined = session_of_text(inputs + R"( => (float[1,4] z, float[1,4] r, bool[1,64] m)
      { a = MatMul (x, w) t, m = Dropout (a) s = Softmax (a) y = Concat <axis = 1> (t, c)
        z = MatMul (s, v) r = MatMul (y, u) })",
                                options);
  expect_close({joined->run(feeds())[0].tensor()}, {alone->run(feeds())[0].tensor()}, 1e-6);
}

// Two products read the same bytes as matrices of different shapes.
TEST(PlannedMemory, WeightsAreKnownByTheirShapesToo) {
  const Tensor w = random_floats({8, 16}, 6);
  std::vector<Tensor> results[2];
  for (bool optimize : {false, true}) {
    GraphCase test;
    ValueId one = test.graph().add_constant(optimize ? w : w.clone(), "one");
    Tensor matrix = w.reshaped({16, 8});
    ValueId other = test.graph().add_constant(optimize ? matrix : matrix.clone(), "other");
    test.output(test.node("MatMul", {test.input("a", {5, 8}), one}), "y");
    test.output(test.node("MatMul", {test.input("b", {5, 16}), other}), "z");
    test.finish();
    SessionOptions options;
    options.optimize = optimize;
    Session session(std::move(test.model()), options);
    for (const Value& value :
         session.run({{"a", random_floats({5, 8}, 7)}, {"b", random_floats({5, 16}, 8)}})) {
      results[optimize ? 1 : 0].push_back(value.tensor());
    }
  }
  expect_close(results[0], results[1], 1e-5);
}

}  // namespace
}  // namespace convoy::testing
