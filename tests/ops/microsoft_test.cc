// Kernels of com.microsoft that no operator of ONNX has. Numbers by ONNX Runtime 1.32.
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr double kWithin = 1e-5;  // the numbers have six digits

std::vector<OpCase> kernel_cases() {
  const Tensor image = tensor<float>({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  std::vector<OpCase> cases = {
      {"inverse",
       "Inverse",
       {tensor<float>({2, 2}, {1, 2, 3, 4})},
       {tensor<float>({2, 2}, {-2, 1, 1.5f, -0.5f})},
       {},
       1,
       kWithin},
      {"inverse_needs_pivots",
       "Inverse",
       {tensor<float>({2, 2}, {0, 2, 1, 0})},
       {tensor<float>({2, 2}, {0, 1, 0.5f, 0})},
       {},
       1,
       kWithin},
      {"distances",
       "CDist",
       {tensor<float>({2, 2}, {0, 0, 1, 2}), tensor<float>({1, 2}, {3, 4})},
       {tensor<float>({2, 1}, {5, 2.82843f})},
       {{"metric", "euclidean"}},
       1,
       kWithin},
      {"squared_distances",
       "CDist",
       {tensor<double>({2, 2}, {0, 0, 1, 2}), tensor<double>({1, 2}, {3, 4})},
       {tensor<double>({2, 1}, {25, 8})},
       {},
       1,
       1e-12},
      {"hashes",
       "MurmurHash3",
       {tensor<int32_t>({2}, {1, -2})},
       {tensor<uint32_t>({2}, {4226891818, 1087594050})},
       {},
       1},
      {"hashes_of_strings",
       "MurmurHash3",
       {tensor<std::string>({2}, {"abc", "hello"})},
       {tensor<int32_t>({2}, {940791465, -702530709})},
       {{"positive", int64_t{0}}, {"seed", int64_t{7}}},
       1},
      {"crops",
       "CropAndResize",
       {image, tensor<float>({2, 4}, {0, 0, 1, 1, 0.5f, 0.25f, 1, 1.5f}),
        tensor<int32_t>({2}, {0, 0}), tensor<int32_t>({2}, {1, 3})},
       {tensor<float>({2, 1, 1, 3}, {2.5f, 3.5f, 4.5f, 3.75f, 5, 9})},
       {{"extrapolation_value", 9.0f}},
       1,
       kWithin,
       {3}},
      {"crops_of_pixels",
       "CropAndResize",
       {image, tensor<float>({1, 4}, {0, 0.2f, 1, 0.9f}), tensor<int32_t>({1}, {0}),
        tensor<int32_t>({2}, {2, 2})},
       {tensor<float>({1, 1, 2, 2}, {1, 3, 4, 6})},
       {{"mode", "nearest"}},
       1,
       0,
       {3}},
  };
  for (OpCase& c : cases) c.domain = "com.microsoft";
  return cases;
}

CONVOY_OP_CASES(MicrosoftKernel, kernel_cases());

}  // namespace
}  // namespace convoy
