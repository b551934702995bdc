#include <string_view>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

Tensor bytes(std::string_view text) {
  Tensor tensor = Tensor::allocate(DType::kUInt8, {static_cast<int64_t>(text.size())});
  std::copy(text.begin(), text.end(), tensor.mutable_data<uint8_t>());
  return tensor;
}

OpCase decode(std::string_view image, const std::string& format) {
  OpCase c{
      "decode", "ImageDecoder", {bytes(image)}, {Tensor::scalar(0.0f)}, {{"pixel_format", format}}};
  c.version = 20;
  return c;
}

TEST(ImageDecoder, ReadsPixelFormats) {
  const std::string_view image = "P6\n# two pixels\n2 1\n255\n\x01\x02\x03\xff\xff\xff";
  const OpCase rgb = decode(image, "RGB");
  expect_equal(evaluate_case(rgb, rgb.inputs)[0],
               tensor<uint8_t>({1, 2, 3}, {1, 2, 3, 255, 255, 255}), 0, "RGB");
  const OpCase bgr = decode(image, "BGR");
  expect_equal(evaluate_case(bgr, bgr.inputs)[0],
               tensor<uint8_t>({1, 2, 3}, {3, 2, 1, 255, 255, 255}), 0, "BGR");
  const OpCase gray = decode(image, "Grayscale");
  expect_equal(evaluate_case(gray, gray.inputs)[0], tensor<uint8_t>({1, 2, 1}, {2, 255}), 0,
               "Grayscale");
}

TEST(ImageDecoder, RefusesDamagedImages) {
  for (std::string_view image : {"", "P6", "P6 2 1 255 ", "P6 0 1 255 ", "BM", "no image"}) {
    const OpCase c = decode(image, "RGB");
    EXPECT_THROW(evaluate_case(c, c.inputs), Error) << image;
  }
}

}  // namespace
}  // namespace convoy
