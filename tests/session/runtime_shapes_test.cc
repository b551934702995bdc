// Operands that tell the shape of a result, and are known in the run alone.
#include <gtest/gtest.h>

#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

// A size other than 1 tells the output's, whatever the operand will say.
TEST(ShapesOfTheRun, ExpandToWhatIsInferred) {
  auto session = session_of_text(R"(<ir_version: 8, opset_import: ["" : 13]>
      g (float[4] x, int64[1] s) => (float[n] y) { y = Expand (x, s) })");
  const Tensor x = tensor<float>({4}, {1, 2, 3, 4});
  for (int64_t size : {4, 1}) {
    const Tensor y = session->run({{"x", x}, {"s", tensor<int64_t>({1}, {size})}})[0].tensor();
    expect_close({y}, {x}, 0);
  }
  EXPECT_THROW(session->run({{"x", x}, {"s", tensor<int64_t>({1}, {3})}}), Error);
  EXPECT_THROW(session->run({{"x", x}, {"s", tensor<int64_t>({1}, {0})}}), Error);
}

}  // namespace
}  // namespace convoy::testing
