#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_OPENJPEG
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>
#endif

namespace convoy {

#ifdef CONVOY_HAS_OPENJPEG

namespace {

struct Memory {
  Bytes bytes;
  size_t at = 0;
};

OPJ_SIZE_T read_bytes(void* to, OPJ_SIZE_T count, void* user) {
  auto* memory = static_cast<Memory*>(user);
  const size_t taken = std::min<size_t>(count, memory->bytes.size() - memory->at);
  if (taken == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, memory->bytes.data() + memory->at, taken);
  memory->at += taken;
  return taken;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* user) {
  auto* memory = static_cast<Memory*>(user);
  const auto left = static_cast<OPJ_OFF_T>(memory->bytes.size() - memory->at);
  const OPJ_OFF_T taken = std::clamp<OPJ_OFF_T>(count, -static_cast<OPJ_OFF_T>(memory->at), left);
  memory->at = static_cast<size_t>(static_cast<OPJ_OFF_T>(memory->at) + taken);
  return taken;
}

OPJ_BOOL seek(OPJ_OFF_T at, void* user) {
  auto* memory = static_cast<Memory*>(user);
  if (at < 0 || static_cast<size_t>(at) > memory->bytes.size()) return OPJ_FALSE;
  memory->at = static_cast<size_t>(at);
  return OPJ_TRUE;
}

using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Decoded = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Stream open_stream(Memory& memory) {
  Stream stream(opj_stream_default_create(OPJ_TRUE), opj_stream_destroy);
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_stream_set_user_data(stream.get(), &memory, nullptr);
  opj_stream_set_user_data_length(stream.get(), memory.bytes.size());
  return stream;
}

// Components of equal size, one (gray) or at least three, brought to eight bits.
void to_rgb(const opj_image_t& decoded, Image& image) {
  const OPJ_UINT32 count = decoded.numcomps >= 3 ? 3 : 1;
  check_input(decoded.numcomps > 0, "the JPEG 2000 image has no components");
  for (OPJ_UINT32 c = 0; c < count; ++c) {
    const opj_image_comp_t& component = decoded.comps[c];
    check_supported(
        component.w == image.width && component.h == image.height && component.data != nullptr,
        "JPEG 2000 images with subsampled components are not supported");
    check_supported(component.prec >= 1 && component.prec <= 31,
                    "JPEG 2000 images of {} bits are not supported", component.prec);
    const int shift = static_cast<int>(component.prec) - 8;
    const int64_t bias = component.sgnd ? int64_t{1} << (component.prec - 1) : 0;
    for (size_t i = 0; i < image.rgb.size() / 3; ++i) {
      int64_t value = component.data[i] + bias;
      value = shift > 0 ? value >> shift : value << -shift;
      for (size_t k = c; k < 3; k += count) {
        image.rgb[3 * i + k] = static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255));
      }
    }
  }
}

}  // namespace

Image decode_jpeg2000(Bytes bytes) {
  Memory memory{bytes};
  const Stream stream = open_stream(memory);
  const bool raw = bytes[0] == 0xff;
  const Codec codec(opj_create_decompress(raw ? OPJ_CODEC_J2K : OPJ_CODEC_JP2), opj_destroy_codec);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  const bool ready = opj_setup_decoder(codec.get(), &parameters) &&
                     opj_read_header(stream.get(), codec.get(), &header);
  const Decoded decoded(header, opj_image_destroy);
  check_input(ready && decoded != nullptr, "the JPEG 2000 image is damaged");
  Image image;
  image.resize(int64_t{decoded->y1} - decoded->y0, int64_t{decoded->x1} - decoded->x0);
  check_input(opj_decode(codec.get(), stream.get(), decoded.get()) &&
                  opj_end_decompress(codec.get(), stream.get()),
              "the JPEG 2000 image is damaged");
  to_rgb(*decoded, image);
  return image;
}

#else

Image decode_jpeg2000(Bytes) {
  fail(ErrorCode::kUnsupported, "this build reads no JPEG 2000 images");
}

#endif

}  // namespace convoy
