// Expected numbers by ONNX Runtime.
#include <fmt/format.h>

#include "tests/ops/op_case.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

Tensor run(const std::string& node, const Tensor& x) {
  auto session = testing::session_of_text(fmt::format(
      R"(<ir_version: 4, opset_import: ["" : 9]> g (float[1, 2, 2, 2] x) => (float[] y) {{
        y = {}
      }})",
      node));
  return session->run({{"x", x}})[0].tensor();
}

TEST(Experimental, OperatorsOfOldFilesRun) {
  const Tensor x = tensor<float>({1, 2, 2, 2}, {0, 1, 2, 3, -1, -2, 0.5f, 0});
  auto same = [&](const std::string& node, std::initializer_list<float> values) {
    expect_equal(run(node, x), tensor<float>({1, 2, 2, 2}, values), 1e-6, node);
  };
  same("Affine <alpha = 2.0, beta = 1.0> (x)", {1, 3, 5, 7, -1, -3, 2, 1});
  same("Scale <scale = 2.0> (x)", {0, 2, 4, 6, -2, -4, 1, 0});
  same("ImageScaler <scale = 2.0, bias = [1.0, 10.0]> (x)", {1, 3, 5, 7, 8, 6, 11, 10});
  same("ScaledTanh <alpha = 2.0, beta = 1.0> (x)", {0, 1.523188312f, 1.928055160f, 1.990109495f,
                                                    -1.523188312f, -1.928055160f, 0.924234315f, 0});
  same("ParametricSoftplus <alpha = 1.0, beta = 1.0> (x)",
       {0.693147181f, 1.313261688f, 2.126928011f, 3.048587352f, 0.313261688f, 0.126928011f,
        0.974076984f, 0.693147181f});
  expect_equal(run("Crop <border = [1, 0, 0, 1]> (x)", x), tensor<float>({1, 2, 1, 1}, {1, -2}), 0,
               "Crop");
  expect_equal(run("Crop <border = [1, 1, 0, 0], scale = [1, 1]> (x)", x),
               tensor<float>({1, 2, 1, 1}, {3, 0}), 0, "Crop");
}

}  // namespace
}  // namespace convoy
