// A file may declare a shape that a value does not have: rewrites are not to rely on it.
#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

// The sum is declared as a vector but is a scalar, and so the Reshape no identity.
TEST(DisputedTypes, AreNotReliedOn) {
  for (bool optimize : {false, true}) {
    SessionOptions options;
    options.optimize = optimize;
    auto session = testing::session_of_text(R"(<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, M] x) => (float[1] y) <float[1] sum> {
        row = Constant <value = int64[1] {-1}> ()
        sum = ReduceSum <keepdims = 0> (x)
        vector = Reshape (sum, row)
        y = Neg (vector)
      })",
                                            options);
    auto y = session->run({{"x", tensor<float>({2, 2}, {1, 2, 3, 4})}});
    expect_equal(y[0].tensor(), tensor<float>({1}, {-10}), 1e-6, "y");
  }
}

}  // namespace
}  // namespace convoy
