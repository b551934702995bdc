#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_WEBP
#include <webp/decode.h>
#endif

namespace convoy {

#ifdef CONVOY_HAS_WEBP

Image decode_webp(Bytes bytes) {
  int width = 0;
  int height = 0;
  check_input(WebPGetInfo(bytes.data(), bytes.size(), &width, &height) != 0,
              "the WebP image is damaged");
  Image image;
  image.resize(height, width);
  const bool done = WebPDecodeRGBInto(bytes.data(), bytes.size(), image.rgb.data(),
                                      image.rgb.size(), width * 3) != nullptr;
  check_input(done, "the WebP image is damaged");
  return image;
}

#else

Image decode_webp(Bytes) { fail(ErrorCode::kUnsupported, "this build reads no WebP images"); }

#endif

}  // namespace convoy
