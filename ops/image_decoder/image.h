// Encoded images to RGB, one decoder a format.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/error.h"

namespace convoy {

using Bytes = std::span<const uint8_t>;

// Rows from the top, three bytes a pixel.
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint8_t> rgb;

  // Throws kInvalidInput for sizes that are not positive or beyond 2^28 pixels.
  static void check_size(int64_t height, int64_t width) {
    check_input(height > 0 && width > 0 && height <= (1 << 24) && width <= (1 << 24) &&
                    height * width <= (1 << 28),
                "an image of {} x {} pixels is not decoded", width, height);
  }
  // Throws as check_size does.
  void resize(int64_t new_height, int64_t new_width) {
    check_size(new_height, new_width);
    height = new_height;
    width = new_width;
    rgb.resize(static_cast<size_t>(height * width * 3));
  }
};

// Each throws kInvalidInput for bytes that are damaged, and kUnsupported where the build lacks the
// library of that format.
Image decode_bmp(Bytes bytes);
Image decode_pnm(Bytes bytes);
Image decode_png(Bytes bytes);
Image decode_jpeg(Bytes bytes);
Image decode_tiff(Bytes bytes);
Image decode_webp(Bytes bytes);
Image decode_jpeg2000(Bytes bytes);

}  // namespace convoy
