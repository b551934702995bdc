// ImageDecoder, opset 20 to 28: BMP, PNM, PNG, JPEG, TIFF, WebP and JPEG 2000, told apart by their
// first bytes, to [height, width, channels] in RGB, BGR or Grayscale.

#include <algorithm>
#include <string>

#include "ops/image_decoder/image.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

bool begins_with(Bytes bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

Image decode(Bytes bytes) {
  using std::string_view_literals::operator""sv;
  if (begins_with(bytes, "\x89PNG"sv)) return decode_png(bytes);
  if (begins_with(bytes, "\xff\xd8\xff"sv)) return decode_jpeg(bytes);
  if (begins_with(bytes, "BM"sv)) return decode_bmp(bytes);
  if (begins_with(bytes, "P5"sv) || begins_with(bytes, "P6"sv)) return decode_pnm(bytes);
  if (begins_with(bytes, "II*\0"sv) || begins_with(bytes, "MM\0*"sv)) return decode_tiff(bytes);
  if (begins_with(bytes, "RIFF"sv) && begins_with(bytes, "WEBP"sv, 8)) return decode_webp(bytes);
  if (begins_with(bytes, "\xff\x4f\xff\x51"sv) ||
      begins_with(bytes, "\0\0\0\x0cjP  \r\n\x87\n"sv)) {
    return decode_jpeg2000(bytes);
  }
  fail(ErrorCode::kInvalidInput, "the bytes are no image of a known format");
}

// ITU-R 601-2 luma in 16-bit fixed point.
uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const std::string format = attributes.text("pixel_format", "RGB");
  attributes.finish();
  check_model(format == "RGB" || format == "BGR" || format == "Grayscale",
              "pixel_format '{}' is not known", format);
  return make_kernel([format](KernelContext& context) {
    const TensorView& input = context.input(0);
    const Image image = decode({input.as<uint8_t>(), static_cast<size_t>(input.count())});
    const int64_t channels = format == "Grayscale" ? 1 : 3;
    const TensorView output =
        context.allocate_output(0, DType::kUInt8, {image.height, image.width, channels});
    auto* to = output.as<uint8_t>();
    const uint8_t* from = image.rgb.data();
    for (int64_t i = 0; i < image.height * image.width; ++i, from += 3, to += channels) {
      if (channels == 1) {
        to[0] = luma(from);
      } else {
        std::copy(from, from + 3, to);
        if (format == "BGR") std::swap(to[0], to[2]);
      }
    }
  });
}

}  // namespace

void register_image_decoder(Registry& registry) {
  registry.add("ImageDecoder").kernel("reference", make_reference).dynamic = true;
}

}  // namespace convoy
