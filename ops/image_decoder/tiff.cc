#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_TIFF
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#endif

namespace convoy {

#ifdef CONVOY_HAS_TIFF

namespace {

// A file in memory, read only.
struct Memory {
  Bytes bytes;
  size_t at = 0;
};

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t count) {
  auto* memory = static_cast<Memory*>(handle);
  const size_t left = memory->bytes.size() - std::min(memory->at, memory->bytes.size());
  const size_t taken = std::min(left, static_cast<size_t>(std::max<tmsize_t>(0, count)));
  if (taken > 0) std::memcpy(to, memory->bytes.data() + memory->at, taken);
  memory->at += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_bytes(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int from) {
  auto* memory = static_cast<Memory*>(handle);
  const size_t base = from == SEEK_CUR ? memory->at : from == SEEK_END ? memory->bytes.size() : 0;
  memory->at = base + static_cast<size_t>(offset);
  return memory->at;
}

int close_file(thandle_t) { return 0; }

toff_t size_of_file(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }

}  // namespace

Image decode_tiff(Bytes bytes) {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  Memory memory{bytes};
  std::unique_ptr<TIFF, decltype(&TIFFClose)> file(
      TIFFClientOpen("memory", "rm", &memory, read_bytes, write_bytes, seek, close_file,
                     size_of_file, nullptr, nullptr),
      TIFFClose);
  check_input(file != nullptr, "the TIFF image is damaged");
  uint32_t width = 0;
  uint32_t height = 0;
  TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height);
  Image image;
  image.resize(height, width);
  std::vector<uint32_t> raster(static_cast<size_t>(image.height * image.width));
  check_input(TIFFReadRGBAImageOriented(file.get(), width, height, raster.data(),
                                        ORIENTATION_TOPLEFT, 1) != 0,
              "the TIFF image is damaged");
  for (size_t i = 0; i < raster.size(); ++i) {
    image.rgb[3 * i] = static_cast<uint8_t>(TIFFGetR(raster[i]));
    image.rgb[3 * i + 1] = static_cast<uint8_t>(TIFFGetG(raster[i]));
    image.rgb[3 * i + 2] = static_cast<uint8_t>(TIFFGetB(raster[i]));
  }
  return image;
}

#else

Image decode_tiff(Bytes) { fail(ErrorCode::kUnsupported, "this build reads no TIFF images"); }

#endif

}  // namespace convoy
