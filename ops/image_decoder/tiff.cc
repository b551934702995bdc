#include "ops/image_decoder/image.h"

#ifdef CONVOY_HAS_TIFF
#include <dlfcn.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#endif

namespace convoy {

#ifdef CONVOY_HAS_TIFF

namespace {

// libtiff is opened when the first TIFF image is read, and is not linked to: Debian's needs a
// library under the GPL, and what links to it would have to be passed on under that.
struct Library {
  decltype(&TIFFClientOpen) open = nullptr;
  decltype(&TIFFClose) close = nullptr;
  decltype(&TIFFGetField) get_field = nullptr;
  decltype(&TIFFReadRGBAImageOriented) read = nullptr;
  decltype(&TIFFSetErrorHandler) set_error_handler = nullptr;
  decltype(&TIFFSetWarningHandler) set_warning_handler = nullptr;
  bool complete = false;
};

template <typename Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

Library open_library() {
  Library library;
  void* handle = nullptr;
  for (const char* name : {"libtiff.so.6", "libtiff.so.5"}) {
    if (handle == nullptr) handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (handle == nullptr) return library;
  library.complete = find(handle, "TIFFClientOpen", library.open) &&
                     find(handle, "TIFFClose", library.close) &&
                     find(handle, "TIFFGetField", library.get_field) &&
                     find(handle, "TIFFReadRGBAImageOriented", library.read) &&
                     find(handle, "TIFFSetErrorHandler", library.set_error_handler) &&
                     find(handle, "TIFFSetWarningHandler", library.set_warning_handler);
  return library;
}

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
  static const Library library = open_library();
  check_supported(library.complete, "TIFF images are read by libtiff, which is not installed");
  library.set_error_handler(nullptr);
  library.set_warning_handler(nullptr);
  Memory memory{bytes};
  std::unique_ptr<TIFF, decltype(&TIFFClose)> file(
      library.open("memory", "rm", &memory, read_bytes, write_bytes, seek, close_file, size_of_file,
                   nullptr, nullptr),
      library.close);
  check_input(file != nullptr, "the TIFF image is damaged");
  uint32_t width = 0;
  uint32_t height = 0;
  library.get_field(file.get(), TIFFTAG_IMAGEWIDTH, &width);
  library.get_field(file.get(), TIFFTAG_IMAGELENGTH, &height);
  Image image;
  image.resize(height, width);
  std::vector<uint32_t> raster(static_cast<size_t>(image.height * image.width));
  check_input(library.read(file.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1) != 0,
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
