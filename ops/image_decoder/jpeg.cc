#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_JPEG
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>
#endif

namespace convoy {

#ifdef CONVOY_HAS_JPEG

namespace {

struct Failure {
  jpeg_error_mgr base;
  jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void on_error(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->message);
  longjmp(failure->jump, 1);
}

void ignore_message(j_common_ptr) {}

// The library leaves by longjmp: between setjmp and the end nothing may need a destructor.
bool read_header(jpeg_decompress_struct& reader, Failure& failure, Bytes bytes) {
  if (setjmp(failure.jump) != 0) return false;
  jpeg_create_decompress(&reader);
  jpeg_mem_src(&reader, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&reader, TRUE);
  reader.out_color_space = JCS_RGB;
  jpeg_calc_output_dimensions(&reader);
  return true;
}

bool read_rows(jpeg_decompress_struct& reader, Failure& failure, uint8_t* rgb) {
  if (setjmp(failure.jump) != 0) return false;
  jpeg_start_decompress(&reader);
  while (reader.output_scanline < reader.output_height) {
    JSAMPROW row = rgb + size_t{reader.output_scanline} * reader.output_width * 3;
    jpeg_read_scanlines(&reader, &row, 1);
  }
  return true;
}

}  // namespace

Image decode_jpeg(Bytes bytes) {
  jpeg_decompress_struct reader{};
  Failure failure{};
  reader.err = jpeg_std_error(&failure.base);
  failure.base.error_exit = on_error;
  failure.base.output_message = ignore_message;
  Image image;
  try {
    check_input(read_header(reader, failure, bytes), "the JPEG image is damaged: {}",
                failure.message);
    image.resize(reader.output_height, reader.output_width);
    check_input(read_rows(reader, failure, image.rgb.data()), "the JPEG image is damaged: {}",
                failure.message);
  } catch (...) {
    jpeg_destroy_decompress(&reader);
    throw;
  }
  jpeg_destroy_decompress(&reader);
  return image;
}

#else

Image decode_jpeg(Bytes) { fail(ErrorCode::kUnsupported, "this build reads no JPEG images"); }

#endif

}  // namespace convoy
