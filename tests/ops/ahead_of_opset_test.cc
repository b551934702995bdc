#include <fmt/format.h>

#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

// Exporters write both into files of opsets that do not have them.
TEST(AheadOfItsOpset, NormalizationsRun) {
  const Tensor x = tensor<float>({1, 2, 2}, {1, 3, 10, 30});
  const Tensor ones = tensor<float>({2}, {1, 1});
  for (int opset : {7, 12, 16}) {
    auto session = testing::session_of_text(fmt::format(
        R"(<ir_version: 7, opset_import: ["" : {}]>
        layers (float[1, N, 2] x, float[2] ones) => (float[1, N, 2] y, float[1, N, 1] z) {{
          y, mean, factor = LayerNormalization <epsilon = 0.0> (x, ones)
          one = Constant <value = float[1] {{1}}> ()
          s, inverse = SimplifiedLayerNormalization <axis = 2, epsilon = 0.0> (mean, one)
          z = Mul(s, factor)
        }})",
        opset));
    auto outputs = session->run({{"x", x}, {"ones", ones}});
    expect_equal(outputs[0].tensor(), tensor<float>({1, 2, 2}, {-1, 1, -1, 1}), 1e-6, "y");
    expect_equal(outputs[1].tensor(), tensor<float>({1, 2, 1}, {1, 0.1f}), 1e-6, "z");
  }
}

}  // namespace
}  // namespace convoy
