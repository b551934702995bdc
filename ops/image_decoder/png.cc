#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_PNG
#include <png.h>
#endif

namespace convoy {

#ifdef CONVOY_HAS_PNG

Image decode_png(Bytes bytes) {
  png_image reader{};
  reader.version = PNG_IMAGE_VERSION;
  Image image;
  // The reader frees what it holds when it fails; png_image_free may be called again.
  try {
    check_input(png_image_begin_read_from_memory(&reader, bytes.data(), bytes.size()) != 0,
                "the PNG image is damaged: {}", reader.message);
    image.resize(reader.height, reader.width);
    reader.format = PNG_FORMAT_RGB;
    const png_color black{};
    check_input(png_image_finish_read(&reader, &black, image.rgb.data(), 0, nullptr) != 0,
                "the PNG image is damaged: {}", reader.message);
  } catch (...) {
    png_image_free(&reader);
    throw;
  }
  return image;
}

#else

Image decode_png(Bytes) { fail(ErrorCode::kUnsupported, "this build reads no PNG images"); }

#endif

}  // namespace convoy
