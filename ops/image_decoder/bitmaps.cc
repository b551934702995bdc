#include <algorithm>

#include "ops/image_decoder/image.h"

namespace convoy {
namespace {

uint32_t read_little(Bytes bytes, size_t at, size_t count) {
  check_input(at + count <= bytes.size(), "the image ends early");
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= static_cast<uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

// The next decimal number of a PNM header, after blanks and comments.
int64_t read_number(Bytes bytes, size_t& at) {
  auto is_blank = [](uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (at < bytes.size() && (is_blank(bytes[at]) || bytes[at] == '#')) {
    if (bytes[at++] != '#') continue;
    while (at < bytes.size() && bytes[at] != '\n') ++at;
  }
  int64_t value = 0;
  const size_t first = at;
  while (at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9' && at - first < 9) {
    value = value * 10 + (bytes[at++] - '0');
  }
  check_input(at > first, "the PNM header is damaged");
  return value;
}

}  // namespace

// Uncompressed, with 24 or 32 bits a pixel or a palette of 8.
Image decode_bmp(Bytes bytes) {
  const size_t pixels_at = read_little(bytes, 10, 4);
  const size_t header = read_little(bytes, 14, 4);
  check_input(header >= 40, "a BMP header of {} bytes is not known", header);
  const auto width = static_cast<int32_t>(read_little(bytes, 18, 4));
  const auto signed_height = static_cast<int32_t>(read_little(bytes, 22, 4));
  const uint32_t bits = read_little(bytes, 28, 2);
  const uint32_t compression = read_little(bytes, 30, 4);
  check_supported(compression == 0 || (compression == 3 && bits == 32),
                  "BMP compression {} is not supported", compression);
  check_supported(bits == 8 || bits == 24 || bits == 32, "BMP with {} bits is not supported", bits);
  const bool top_down = signed_height < 0;
  const int64_t height = top_down ? -int64_t{signed_height} : signed_height;
  Image::check_size(height, width);
  const size_t step = bits / 8;
  const size_t stride = (static_cast<size_t>(width) * step + 3) / 4 * 4;
  const auto rows = static_cast<size_t>(height);
  check_input(pixels_at <= bytes.size() && stride * rows <= bytes.size() - pixels_at,
              "the image ends early");
  Image image;
  image.resize(height, width);
  uint8_t* to = image.rgb.data();
  for (size_t row = 0; row < rows; ++row) {
    const size_t line = pixels_at + (top_down ? row : rows - 1 - row) * stride;
    for (size_t column = 0; column < static_cast<size_t>(width); ++column, to += 3) {
      size_t at = line + column * step;
      if (bits == 8) at = 14 + header + size_t{bytes[at]} * 4;
      check_input(at + 3 <= bytes.size(), "the palette ends early");
      for (size_t c = 0; c < 3; ++c) to[c] = bytes[at + 2 - c];
    }
  }
  return image;
}

// Binary gray (P5) and color (P6) with up to 255 levels.
Image decode_pnm(Bytes bytes) {
  const bool color = bytes[1] == '6';
  size_t at = 2;
  const int64_t width = read_number(bytes, at);
  const int64_t height = read_number(bytes, at);
  const int64_t levels = read_number(bytes, at);
  check_supported(levels > 0 && levels <= 255, "PNM with {} levels is not supported", levels);
  ++at;
  Image::check_size(height, width);
  const auto count = static_cast<size_t>(height * width) * (color ? 3 : 1);
  check_input(at <= bytes.size() && count <= bytes.size() - at, "the image ends early");
  Image image;
  image.resize(height, width);
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    const int64_t value = bytes[at + (color ? i : i / 3)];
    const int64_t scaled = (value * 255 + levels / 2) / levels;
    image.rgb[i] = static_cast<uint8_t>(std::min<int64_t>(255, scaled));
  }
  return image;
}

}  // namespace convoy
